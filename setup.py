"""Packages of the wheel: simlab, and the scenarios of this repository as simlab/_scenarios."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["simlab*"]), "simlab._scenarios"],
    package_dir={"simlab._scenarios": "scenarios"},
)
