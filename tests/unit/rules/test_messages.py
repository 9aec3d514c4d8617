from hypothesis import given
from hypothesis import strategies as st

from laurels.rules.messages import RANK_CHANGE, render

MISSION = "Congrats! You're now #{rank} on our referral leaderboard and unlocked a {percent}% discount. Keep referring to climb higher!"


def test_the_mission_s_message() -> None:
    assert render(MISSION, {"rank": 3, "percent": 20}) == (
        "Congrats! You're now #3 on our referral leaderboard and unlocked a 20% discount. Keep referring to climb higher!"
    )


def test_what_is_put_in_is_never_read_again() -> None:
    assert render("{board} {rank}", {"board": "{rank}", "rank": 1}) == "{rank} 1"


def test_what_is_unknown_stays_as_it_is() -> None:
    assert render("{rank} {secret}", {"rank": 1}) == "1 {secret}"


@given(st.text().filter(lambda text: "{" not in text))
def test_a_text_without_placeholders_is_itself(text: str) -> None:
    assert render(text, {"rank": 1}) == text


def test_the_usual_text_fills_all_its_placeholders() -> None:
    assert "{" not in render(RANK_CHANGE, {"rank": 1, "percent": 30, "board": "referrals"})
