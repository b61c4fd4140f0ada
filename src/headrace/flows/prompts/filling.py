"""What a call brings to its prompt beside the caller's variables: features, a profile, a history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from headrace.errors import UsageError
from headrace.infer.gateway.base import FeatureUse, TurnKeeper
from headrace.infer.prompts.base import Prompt, PromptFeature
from headrace.infer.prompts.features import FeatureValue, TimedFeatureReader
from headrace.records.sessions import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a prompt is rendered with."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    features: Sequence[FeatureUse] = ()
    profile: Mapping[str, Any] | None = None
    """Which profile it was given: `name`, `version`, `schema_version`."""
    history: History = field(default_factory=History)
    talk: TurnKeeper | None = None
    """Keeps what is said, where the prompt takes the history."""


@runtime_checkable
class Filler(Protocol):
    """Fills what a prompt declares and the caller did not give."""

    def __call__(self, prompt: Prompt, given: Mapping[str, Any]) -> Filled:
        """The caller's variables with what is brought to them. Raises UsageError for what cannot be had."""
        ...


@runtime_checkable
class UserProfiles(Protocol):
    """Reads the profile of a user."""

    def __call__(self, name: str, user: str, /) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
        """Its value, empty where there is none, and what the span says of it. Raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFiller:
    """Fills features and profile of one user or entity."""

    reader: Callable[[], TimedFeatureReader]
    """Opens the online store."""
    profiles: UserProfiles
    subject: Callable[[str], str]
    """Makes the keyed hash of a key."""
    entity: Mapping[str, Any] = field(default_factory=dict)
    """Key column to key."""
    user: str | None = None

    def __call__(self, prompt: Prompt, given: Mapping[str, Any]) -> Filled:
        """Fill them; what the caller gave stands."""
        uses = self._features(prompt, given)
        variables = {**given, **{use.variable: use.value for use in uses}}
        facts: Mapping[str, Any] | None = None
        if prompt.profile is not None and "profile" in prompt.variables and "profile" not in given:
            variables["profile"], facts = self._profile(prompt)
        return Filled(variables=variables, features=uses, profile=facts)

    def _features(self, prompt: Prompt, given: Mapping[str, Any]) -> list[FeatureUse]:
        taken = [item for item in prompt.features if item.variable in prompt.variables]
        wanted = [item.name for item in taken if item.variable not in given]
        found = self._read(prompt, wanted) if wanted else {}
        entity = {column: self.subject(str(key).strip()) for column, key in self.entity.items()}
        return [
            _use(prompt, item, None if item.variable in given else found[item.name], given, entity)
            for item in taken
        ]

    def _read(self, prompt: Prompt, wanted: Sequence[str]) -> Mapping[str, FeatureValue]:
        if not self.entity:
            raise UsageError(
                f"Prompt {prompt.name!r} takes the features {', '.join(wanted)}, and no entity is named.",
                hint="Name it: --entity user_id=u7 (HTTP: `entity`), or give the variables yourself.",
                prompt=prompt.name,
            )
        return self.reader().read(wanted, self.entity)

    def _profile(self, prompt: Prompt) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
        if not self.user:
            raise UsageError(
                f"Prompt {prompt.name!r} takes the profile {prompt.profile!r}, and no user is named.",
                hint="Name the user: --user u7 (HTTP: `user`), or give the variable `profile` yourself.",
                prompt=prompt.name,
            )
        assert prompt.profile is not None
        return self.profiles(prompt.profile, self.user)


def _use(
    prompt: Prompt,
    feature: PromptFeature,
    found: FeatureValue | None,
    given: Mapping[str, Any],
    entity: Mapping[str, str],
) -> FeatureUse:
    if found is None:
        return FeatureUse(
            variable=feature.variable,
            name=feature.name,
            value=given[feature.variable],
            status="given",
            event_time=None,
            entity=entity,
        )
    if found.status != "ok" and not feature.has_default:
        raise UsageError(
            f"Prompt {prompt.name!r} needs the feature {feature.name!r}, which is {found.status} for this "
            "entity.",
            hint="Materialise it (headrace feature materialise), or write a `default` for it in the prompt.",
            prompt=prompt.name,
            feature=feature.name,
            status=found.status,
        )
    return FeatureUse(
        variable=feature.variable,
        name=feature.name,
        value=found.value if found.status == "ok" else feature.default,
        status=found.status,
        event_time=found.event_time,
        entity=entity,
    )
