"""`workspace.release`: the operations on releases, one call each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.releases.parts import ReleaseParts
    from headrace.records.releases import (
        EnvironmentList,
        ReleaseCheck,
        ReleaseDetail,
        ReleaseDiff,
        ReleaseList,
        ReleaseLog,
        ReleaseMove,
        SkewReport,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOperations:
    """What can be done with the releases of a workspace."""

    parts: ReleaseParts

    def create(
        self,
        *,
        source: str | None = None,
        prompts: Sequence[str] = (),
        generations: Sequence[str] = (),
        note: str = "",
    ) -> ReleaseDetail:
        """Hold fast what serves, or what `source` names, with the configuration of now; nothing serves by it.

        `prompts` (`NAME@LABEL`, `NAME` for its file) and `generations` (`CORPUS/ORDINAL`) stand in for those
        that serve. The same content is the same release. Raises NotFoundError, UsageError, ConfigError.
        """
        from headrace.flows.releases.creating import create

        return create(self.parts, source=source, prompts=prompts, generations=generations, note=note)

    def show(self, release: str = "current") -> ReleaseDetail:
        """One release with everything it pins: a digest, the start of one, an environment, or `current`.

        Raises NotFoundError, UsageError.
        """
        from headrace.flows.releases.showing import show

        return show(self.parts, release)

    def list(self, *, limit: int = 50) -> ReleaseList:
        """Releases that were made on purpose, and those that served; newest first."""
        from headrace.flows.releases.showing import list_releases

        return list_releases(self.parts, limit=limit)

    def diff(self, a: str, b: str) -> ReleaseDiff:
        """What two releases have otherwise, by component, with the texts of prompts. Raises NotFoundError."""
        from headrace.flows.releases.differing import diff

        return diff(self.parts, a, b)

    def check(self, release: str = "current", *, suites: Sequence[str] = ()) -> ReleaseCheck:
        """Run the declared suites, or these, on exactly this release, and keep what they find.

        Raises NotFoundError, and UsageError where nothing is declared or it cannot be had as it is pinned.
        """
        from headrace.flows.releases.checking import check

        return check(self.parts, release, suites=suites)

    def promote(
        self,
        release: str,
        *,
        to: str | None = None,
        force: bool = False,
        reason: str = "",
        expect: str | None = None,
    ) -> ReleaseMove:
        """Let a release serve in an environment, if every declared suite has passed on it.

        `expect` is what must serve there now. Raises Withheld without green evidence, unless forced with a
        reason; UsageError where it cannot serve at all; NotFoundError, RefConflict.
        """
        from headrace.flows.releases.moving import promote

        return promote(self.parts, release, to=to, force=force, reason=reason, expect=expect)

    def rollback(
        self,
        *,
        to: str | None = None,
        environment: str | None = None,
        force: bool = False,
        reason: str = "",
    ) -> ReleaseMove:
        """Let the release serve again that did before: index, prompts, schemas and model in one move.

        Raises UsageError where there is none or something of it is gone, Withheld where its documents are not
        in step, unless forced with a reason; NotFoundError, RefConflict.
        """
        from headrace.flows.releases.moving import rollback

        return rollback(self.parts, to=to, environment=environment, force=force, reason=reason)

    def log(self, environment: str | None = None, *, limit: int = 1000) -> ReleaseLog:
        """The last moves of an environment's pointer: who, when, why, with what evidence; newest first."""
        from headrace.flows.releases.showing import log

        return log(self.parts, environment, limit=limit)

    def envs(self) -> EnvironmentList:
        """What every environment serves, and what it has otherwise than this one."""
        from headrace.flows.releases.showing import envs

        return envs(self.parts)

    def skew(self, *, since: str = "7d", limit: int = 10_000) -> SkewReport:
        """What served without green evidence, what drifted since, and which requests are not alike.

        Looks at the newest calls of a time, at most `limit` of each kind. Raises UsageError.
        """
        from headrace.flows.releases.skewing import skew

        return skew(self.parts, since=since, limit=limit)
