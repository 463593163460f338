"""How a search stands in an Optuna study: one finished trial a row, under its number."""

from __future__ import annotations

from collections.abc import Mapping

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from simlab.lab.planner import Trial, as_attrs


def begun(storage: BaseStorage, name: str, directions: list[str]) -> optuna.Study:
    """The study of this name, made if there is none."""
    said = [StudyDirection.MINIMIZE if d == "minimise" else StudyDirection.MAXIMIZE for d in directions]
    return optuna.create_study(
        storage=storage, study_name=name, directions=said, load_if_exists=True,
        sampler=optuna.samplers.RandomSampler(seed=0),  # never asked
    )  # fmt: skip


def attempt_of(study: optuna.Study, key: str) -> int:
    """The number of the report on these finalists: that which it has, or the next one."""
    attempts = dict(study.user_attrs.get("attempts", {}))
    if key not in attempts:
        attempts[key] = len(attempts) + 1
        study.set_user_attr("attempts", attempts)
    return int(attempts[key])


def frozen(trial: Trial, distributions: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """A finished trial as Optuna keeps it."""
    attrs = as_attrs(trial)
    if trial.failure:
        return optuna.trial.create_trial(
            state=TrialState.FAIL, params=trial.params, distributions=dict(distributions), user_attrs=attrs
        )
    return optuna.trial.create_trial(
        values=list(trial.values), params=trial.params, distributions=dict(distributions), user_attrs=attrs,
        intermediate_values=trial.steps, constraints=trial.constraints,
    )  # fmt: skip


def finished(study: optuna.Study) -> dict[int, Trial]:
    """Finished trials by number."""
    found: dict[int, Trial] = {}
    for kept in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL)):
        number = kept.user_attrs.get("plan")
        if number is not None:
            found[number] = thawed(number, kept)
    return dict(sorted(found.items()))


def thawed(number: int, kept: FrozenTrial) -> Trial:
    """A finished trial as it was before Optuna kept it."""
    return Trial(number, dict(kept.params), tuple(kept.values or ()), dict(kept.constraints),
                 dict(kept.user_attrs["means"]), dict(kept.intermediate_values),
                 bool(kept.user_attrs["raced"]), str(kept.user_attrs["failure"]))  # fmt: skip
