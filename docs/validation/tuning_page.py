"""The page of tuning.py."""


def write(*a):
    pass
