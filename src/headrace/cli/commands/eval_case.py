"""`headrace eval case …`: the cases of golden sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

SetOption = Annotated[str, typer.Option("--set", metavar="SET", help="The golden set.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The name of a case in its set.")]
KeysArgument = Annotated[list[str], typer.Argument(metavar="KEY...", help="Names of cases in the set.")]
StateOption = Annotated[
    str | None, typer.Option("--state", metavar="STATE", help="draft, active, flaky or retired.")
]
PartOption = Annotated[str | None, typer.Option("--part", metavar="PART", help="anchor, random or failures.")]
InputsOption = Annotated[
    str | None,
    typer.Option("--inputs", metavar="JSON", help='What the target gets: \'{"question": "…"}\'.'),
]
QuestionOption = Annotated[
    str | None, typer.Option("--question", "-q", metavar="TEXT", help="The same for a question alone.")
]
ExpectedOption = Annotated[
    str | None,
    typer.Option("--expected", "-e", metavar="JSON", help="What scorers want; a text without quotes too."),
]
TagsOption = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="A slice it counts in; again for more.")
]
GroupOption = Annotated[
    str | None, typer.Option("--group", metavar="NAME", help="What it belongs together with.")
]
OwnerOption = Annotated[str | None, typer.Option("--owner", metavar="NAME", help="Who answers for it.")]
MustPassOption = Annotated[
    bool | None, typer.Option("--must-pass/--may-fail", help="Whether one failure fails the gate.")
]
AcceptOption = Annotated[bool, typer.Option("--accept", help="Let it count at once.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the case.")]
FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="JSON Lines: cases, or questions with their documents.")
]
OutArgument = Annotated[str, typer.Argument(metavar="FILE", help="The JSON Lines file to write.")]


def case_list(
    ctx: typer.Context,
    golden: SetOption = "main",
    state: StateOption = None,
    part: PartOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List the cases of a golden set, with their states."""
    from headrace.cli.views.golden import show_cases

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.golden.list(golden, state=state, part=part),
        show_cases,
    )


def case_show(
    ctx: typer.Context,
    key: KeyArgument,
    golden: SetOption = "main",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show a case and its life: who changed it, when and why."""
    from headrace.cli.views.golden import show_case

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.golden.show(key, golden=golden), show_case
    )


def case_add(
    ctx: typer.Context,
    key: KeyArgument,
    question: QuestionOption = None,
    inputs: InputsOption = None,
    expected: ExpectedOption = None,
    tag: TagsOption = None,
    group: GroupOption = None,
    owner: OwnerOption = None,
    part: PartOption = None,
    must_pass: MustPassOption = None,
    accept: AcceptOption = False,
    reason: ReasonOption = "",
    golden: SetOption = "main",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add a case, as a draft unless --accept. Personal data is taken out of its texts."""
    from headrace.cli.views.golden import show_change
    from headrace.errors import UsageError
    from headrace.records.golden import CaseInput

    given = _given(question, inputs, expected, tag, group, owner, part, must_pass)
    if "inputs" not in given:
        raise UsageError("What does the case ask?", hint='Give --question TEXT or --inputs \'{"…": "…"}\'.')
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.golden.add(
            [CaseInput(key=key, **given)], golden=golden, accept=accept, reason=reason
        ),
        show_change,
    )


def case_edit(
    ctx: typer.Context,
    key: KeyArgument,
    question: QuestionOption = None,
    inputs: InputsOption = None,
    expected: ExpectedOption = None,
    tag: TagsOption = None,
    group: GroupOption = None,
    owner: OwnerOption = None,
    part: PartOption = None,
    must_pass: MustPassOption = None,
    reason: ReasonOption = "",
    golden: SetOption = "main",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Change what a case asks or expects; anchor cases are frozen once they count."""
    from headrace.cli.views.golden import show_change

    changes = _given(question, inputs, expected, tag, group, owner, part, must_pass)
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.golden.edit(key, golden=golden, reason=reason, **changes),
        show_change,
    )


def case_accept(
    ctx: typer.Context,
    keys: KeysArgument,
    reason: ReasonOption = "",
    golden: SetOption = "main",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let drafts count, and flaky or retired cases again."""
    from headrace.cli.views.golden import show_change

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.golden.accept(keys, golden=golden, reason=reason),
        show_change,
    )


def case_retire(
    ctx: typer.Context,
    keys: KeysArgument,
    reason: ReasonOption = "",
    golden: SetOption = "main",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Stop running cases, with a reason; they stay on record."""
    from headrace.cli.views.golden import show_change

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.golden.retire(keys, golden=golden, reason=reason),
        show_change,
    )


def case_import(
    ctx: typer.Context,
    file: FileArgument,
    accept: AcceptOption = False,
    reason: ReasonOption = "",
    golden: SetOption = "main",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add the cases of a file; the same file twice is the same as once."""
    from headrace.cli.views.golden import show_change

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.golden.import_cases(file, golden=golden, accept=accept, reason=reason),
        show_change,
    )


def case_export(
    ctx: typer.Context,
    file: OutArgument,
    golden: SetOption = "main",
    state: StateOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write the cases of a set to a file that `eval case import` reads."""
    from headrace.cli.views.golden import show_exported

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.golden.export(file, golden=golden, state=state),
        show_exported,
    )


def _given(
    question: str | None,
    inputs: str | None,
    expected: str | None,
    tag: Sequence[str] | None,
    group: str | None,
    owner: str | None,
    part: str | None,
    must_pass: bool | None,
) -> dict[str, Any]:
    """What was given of a case, by the names of its fields. Raises UsageError."""
    import json

    from headrace.errors import UsageError

    given: dict[str, Any] = {"group": group, "owner": owner, "part": part, "must_pass": must_pass}
    given = {name: value for name, value in given.items() if value is not None}
    if tag:
        given["tags"] = tuple(tag)
    if inputs is not None:
        try:
            given["inputs"] = json.loads(inputs)
        except ValueError as error:
            raise UsageError(f"--inputs is not JSON: {error}.") from error
    if question is not None:
        given["inputs"] = {**given.get("inputs", {}), "question": question}
    if expected is not None:
        try:
            given["expected"] = json.loads(expected)
        except ValueError:
            given["expected"] = expected
    return given


CASES: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", case_list, "headrace eval case list --state draft"),
    ("show", case_show, "headrace eval case show refunds-eu"),
    (
        "add",
        case_add,
        "headrace eval case add refunds-eu -q 'How long do refunds take?' -e '{\"contains\": \"14 days\"}'",
    ),
    ("edit", case_edit, "headrace eval case edit refunds-eu --must-pass --reason 'twice wrong'"),
    ("accept", case_accept, "headrace eval case accept refunds-eu"),
    ("retire", case_retire, "headrace eval case retire refunds-eu --reason 'the rule is gone'"),
    ("import", case_import, "headrace eval case import golden.jsonl --accept"),
    ("export", case_export, "headrace eval case export cases.jsonl --state active"),
)
