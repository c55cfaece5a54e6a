"""From op scopes to the names people gave their layers.

StatefulPartitionedCall/model_1/conv2d_1_2/BiasAdd  ->  model_1 / conv2d_1_2  ->  conv2d_1
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

Scope = tuple[str, ...]

# Scopes that calls of functions add, and those that TensorFlow's and Keras' own functions open inside a layer.
_CALL = re.compile(r"^(Stateful)?PartitionedCall(_\d+)?$")
_INNER = re.compile(r"^(batchnorm|resize|convolution|moments|Func|Repeat|Gelu|conv_transpose|normalize)(_\d+)?$")
_NUMBER = re.compile(r"_\d+$")


def scope_of(op: str) -> Scope:
    """The layer scope of an op's name: its folders, without those that calls and library functions add.

    Example:
        >>> scope_of("StatefulPartitionedCall/model/batch_normalization_1/batchnorm/mul_1")
        ('model', 'batch_normalization_1')
    """
    parts = [part for part in op.split("/")[:-1] if not _CALL.match(part)]
    while len(parts) > 1 and (_INNER.match(parts[-1]) or _bare(parts[-1]) == _bare(parts[-2])):
        parts.pop()
    return tuple(parts)


def _bare(part: str) -> str:
    return _NUMBER.sub("", part)


def common_prefix(scopes: Iterable[Scope]) -> int:
    """How many leading parts all scopes share, such as the model's own name; at least one part is left to each."""
    distinct = list(set(scopes))
    if len(distinct) < 2:
        return 0
    shortest = min(map(len, distinct))
    shared = next((at for at in range(shortest) if len({scope[at] for scope in distinct}) > 1), shortest)
    return min(shared, shortest)


def leaf(op: str) -> str:
    """An op's own name in lower case, for networks without scopes: `Conv2D_3` -> `conv2d_3`."""
    own = op.split("/")[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", own).lower()


def numbered_by_exporter(scopes: Iterable[Scope], variables: Mapping[Scope, str]) -> bool:
    """Whether the exporter appended a number to every layer's scope, as Keras 3 does.

    The names of the variables, which it leaves alone, tell; where they do not, all scopes must end in a number, and
    one of them in two.

    Args:
        scopes: of all layers, model name removed.
        variables: name of a variable of each layer that has one, such as `conv2d_1/kernel`.
    """
    votes: Counter[bool] = Counter()
    for scope, variable in variables.items():
        parts = variable.split("/")
        if not scope or len(parts) < 2:
            continue
        if scope[-1] in parts[:-1]:
            votes[False] += 1
        elif _bare(scope[-1]) in parts[:-1]:
            votes[True] += 1
    if votes:
        return votes[True] > votes[False]
    last = [scope[-1] if scope else "" for scope in scopes]
    return all(map(_NUMBER.search, last)) and any(_NUMBER.search(_bare(part)) for part in last)


def layer_names(keys: Sequence[tuple[Scope, str]], numbered: bool) -> list[str]:
    """A short unique name for each layer.

    Args:
        keys: scope (model name removed) and leaf name (used where layers share a scope or have none) of each layer.
        numbered: whether to take one trailing number off each part of the scope.

    Returns:
        The last part of the scope where that is unique, else as many parts before it as it takes, joined by dots;
        layers that share a scope add their leaf name to it.
    """
    sharing = Counter(scope for scope, _ in keys)
    paths, least = [], []
    for scope, own in keys:
        path = tuple(_bare(part) for part in scope) if numbered else scope
        shared = sharing[scope] > 1
        paths.append((*path, own) if shared or not path else path)
        least.append(2 if shared and path else 1)
    return _number_repeats([_shortest(path, paths, start) for path, start in zip(paths, least, strict=True)])


def _shortest(path: Scope, paths: Sequence[Scope], least: int) -> str:
    for length in range(least, len(path) + 1):
        if sum(other[-length:] == path[-length:] for other in paths) == 1:
            return ".".join(path[-length:])
    return ".".join(path)


def _number_repeats(names: list[str]) -> list[str]:
    taken, unique = set(names), []
    seen: Counter[str] = Counter()
    for name in names:
        number = seen[name]
        seen[name] += 1
        candidate = name
        while number and (candidate := f"{name}_{number}") in taken:
            number += 1
        taken.add(candidate)
        unique.append(candidate)
    return unique
