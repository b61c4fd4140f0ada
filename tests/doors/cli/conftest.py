"""The program as a fixture."""

from __future__ import annotations

import pytest

from tests.doors.cli.program import Program, run_program


@pytest.fixture(scope="session")
def headrace() -> Program:
    """Run `headrace` as a process."""
    return run_program
