"""Lines of TOML keys: by example, and against `tomllib` for texts that Hypothesis makes."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headrace.config.toml_lines import KeyPath, locate


def test_every_form_of_key_and_value() -> None:
    text = """\
# a comment with [brackets] and "quotes"
top = 1
[a]
plain = "x # no comment"   # a comment
dotted.b.c = 2
"quoted.key"."it\\"s" = 3
'literal key' = 'C:\\'
[a.sub]
multi = \"\"\"
[not.a.table]
key = 1 \\
\"\"\"\"
literal = '''
x''''
inline = { one = 1, two = { three = "}" }, four = [1, 2] }
array = [
  "first", # ] not the end
  [ "nested",
    "deeper" ],

  { type = "t" },
]
day = 1979-05-27 07:32:00
[[list]]
name = "zero"
[[list]]
name = "one"
[list.below]
deep = true
"""
    lines = locate(text)
    expected: dict[KeyPath, int] = {
        ("top",): 2,
        ("a",): 3,
        ("a", "plain"): 4,
        ("a", "dotted", "b", "c"): 5,
        ("a", "quoted.key", 'it"s'): 6,
        ("a", "literal key"): 7,
        ("a", "sub"): 8,
        ("a", "sub", "multi"): 9,
        ("a", "sub", "literal"): 13,
        ("a", "sub", "inline", "two", "three"): 15,
        ("a", "sub", "inline", "four", 1): 15,
        ("a", "sub", "array"): 16,
        ("a", "sub", "array", 0): 17,
        ("a", "sub", "array", 1): 18,
        ("a", "sub", "array", 1, 1): 19,
        ("a", "sub", "array", 2, "type"): 21,
        ("a", "sub", "day"): 23,
        ("list", 0): 24,
        ("list", 1): 26,
        ("list", 1, "name"): 27,
        ("list", 1, "below", "deep"): 29,
    }
    assert {path: lines[path] for path in expected} == expected
    assert _paths(tomllib.loads(text)) <= set(lines)


_names = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=5),
)
_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
_scalars = st.one_of(st.integers(-(2**40), 2**40), st.booleans(), st.floats(allow_nan=False), _texts)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(_names, _values, max_size=5), st.data())
def test_finds_exactly_the_paths_that_tomllib_finds(tables: dict[str, Any], data: st.DataObject) -> None:
    text = _write(tables, data)
    parsed = tomllib.loads(text)
    lines = locate(text)
    assert set(lines) == _paths(parsed)
    source = text.split("\n")
    for path, line in lines.items():
        if isinstance(path[-1], str):
            assert _key(path[-1]) in source[line - 1]


def _paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: set[KeyPath] = {path} if path else set()
    for key, item in inner:
        found |= _paths(item, (*path, key))
    return found


def _key(name: str) -> str:
    return _text(name)


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\x7f", "\\u007f") + '"'


def _write(tables: dict[str, Any], data: st.DataObject) -> str:
    """Write keys at the root first and tables after them, with blank lines and comments in between."""
    gap = st.sampled_from(["", "\n", '# [x] = "\n', "\n\n"])
    out = []
    for name, value in tables.items():
        if not isinstance(value, dict):
            out.append(f"{data.draw(gap)}{_key(name)} = {_inline(value, data)}\n")
    for name, value in tables.items():
        if isinstance(value, dict):
            out.append(f"{data.draw(gap)}[ {_key(name)} ]\n")
            out += [f"{data.draw(gap)}{_key(key)}={_inline(item, data)}\n" for key, item in value.items()]
    return "".join(out)


def _inline(value: Any, data: st.DataObject) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        forms = [_text(value), f'""{_text(value)}""']
        if "'" not in value:
            forms += [f"'{value}'", f"'''\n{value}'''"]
        return data.draw(st.sampled_from(forms))
    if isinstance(value, list):
        separator = data.draw(st.sampled_from([", ", " ,\n", ", # ]\n"]))
        return f"[{separator.join(_inline(item, data) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_inline(item, data)}' for key, item in value.items())} }}"
    return repr(value).replace("e+", "e") if isinstance(value, float) else str(value)
