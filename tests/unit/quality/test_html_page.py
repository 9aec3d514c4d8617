"""What a page may hold, whatever it is given."""

import pytest

from laurels.quality.html_page import cleaned, frame, page

HOSTILE = {
    "a script": ("<p>a</p><script>alert(1)</script>b", "<p>a</p>b"),
    "a script in a script's text": ("<script>'<p>x</p>'</script>y", "y"),
    "a handler": ('<div class="row" onclick="x()">a</div>', '<div class="row">a</div>'),
    "a style": ('<p style="background:url(//x)">a</p>', "<p>a</p>"),
    "a picture": ('a<img src="https://x/logo.png?d=1&dataContextId=2">b', "ab"),
    "a link": ('<a href="javascript:x()">a</a>', "a"),
    "a form": ('<form action="//x"><input name="a"></form>b', "b"),
    "a frame": ('<iframe src="//x">a</iframe>b', "b"),
    "a drawing": ("<svg><script>x</script><text>a</text></svg>b", "b"),
    "a comment": ("a<!-- <script> -->b", "ab"),
    "a quote in a class": ("<p class='a\"b'>c</p>", '<p class="a&quot;b">c</p>'),
    "entities": ("&lt;script&gt; &amp; 1 < 2", "&lt;script&gt; &amp; 1 &lt; 2"),
    "an end without a beginning": ("</script>a</p>", "a</p>"),
    "a base and a refresh": ('<base href="//x"><meta http-equiv="refresh" content="0;//x">a', "a"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_only_listed_elements_and_their_classes_stay(name: str) -> None:
    given, kept = HOSTILE[name]
    assert cleaned(given) == kept


def test_facts_and_titles_are_text() -> None:
    text = page("<b>T</b>", {"<i>": "<script>x</script>"}, [])
    assert "<h1>&lt;b&gt;T&lt;/b&gt;</h1>" in text
    assert "<dt>&lt;i&gt;</dt><dd>&lt;script&gt;x&lt;/script&gt;</dd>" in text
    assert "<script" not in text


def test_the_policy_stands_before_whatever_it_is_about() -> None:
    text = frame("T", "body")
    assert text.index("Content-Security-Policy") < text.index("<link")
    assert "default-src 'none'; style-src 'self'; img-src data:" in text
