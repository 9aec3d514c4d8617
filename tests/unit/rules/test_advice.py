"""Advice: each reason has one, and every command in it is one that can be given."""

import re
import shlex

import pytest
import typer

from laurels.cli import app
from laurels.rules.advice import advice
from laurels.rules.reasons import SENTENCES
from laurels.rules.transformations import transformation
from models.values.problem import Refusal

COMMANDS = typer.main.get_command(app)


@pytest.mark.parametrize("reason", [*SENTENCES, "purchase_negative", "time_in_future", "of_a_rule_to_come"])
def test_every_command_that_it_names_can_be_given(reason: str) -> None:
    text = advice(reason)
    lines = re.findall(r"`(laurels [^`]+)`", text)
    assert lines or reason == "conflict" or reason.startswith("event_id_") or reason in list(Refusal)
    for line in lines:
        words = shlex.split(line)[1:]
        command = COMMANDS.commands["quarantine"].commands[words[1]]  # type: ignore[attr-defined]
        given = command.make_context(words[1], words[2:])
        assert given.params.get("reason") in {None, reason}
        for written in given.params.get("transform") or []:
            made = transformation(written.replace("AREA/CITY", "Europe/Berlin"))
            assert made.name == written.partition("=")[0].partition(":")[0]


def test_what_fits_a_reason_is_named() -> None:
    assert "--reason amount_decimal_comma --transform decimal-comma" in advice("amount_decimal_comma")
    assert "zone=AREA/CITY" in advice("time_without_zone")
    assert "send it again" in advice("row_ragged")
    assert "--column COLUMN" in advice("member_id_scientific")
