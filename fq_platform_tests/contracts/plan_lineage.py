"""Which columns of its inputs each column of a DataFrame is computed from, told from Spark's analysed plan.

Belongs here: following values through a plan. Does not: which frames, or what is expected of them.

A value depends on all that the expressions on its way mention, conditions of `when` included. What only decides which
rows or elements take part (joins, filters, groups, orders, windows) is no value of any column and does not count.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Value:
    """What a value is made of: paths of the inputs, of the whole and of its parts."""

    paths: frozenset[str] = frozenset()
    fields: Mapping[str, "Value"] = field(default_factory=dict)
    element: "Value | None" = None

    def everything(self) -> frozenset[str]:
        """The paths of the whole and of all parts."""
        parts = [*self.fields.values(), *([self.element] if self.element else [])]
        return self.paths.union(*(part.everything() for part in parts))

    def __or__(self, other: "Value") -> "Value":
        names = [*self.fields, *(name for name in other.fields if name not in self.fields)]
        elements = [value.element for value in (self, other) if value.element]
        return Value(
            self.paths | other.paths,
            {name: self.fields.get(name, NOTHING) | other.fields.get(name, NOTHING) for name in names},
            reduce(Value.__or__, elements) if elements else None,
        )

    def part(self, part: "Value | None") -> "Value":
        """A part of this value: it is made of what the whole is made of too."""
        return Value(self.paths) | part if part is not None else Value(self.everything())


NOTHING = Value()
Environment = dict[int, Value]
"""Spark's ids of columns and lambda variables, to what they are made of."""


@dataclass(frozen=True)
class Node:
    """A node of a plan or of an expression."""

    kind: str
    content: Mapping[str, Any]
    children: tuple["Node", ...]

    @property
    def id(self) -> int:
        """The id of what the node defines or refers to."""
        return int(self.content["exprId"]["id"])


def lineage(frame: "DataFrame", inputs: Iterable[str]) -> dict[str, Value]:
    """What each column of a frame is made of.

    Args:
        frame: Made of frames that were given the names of the inputs by `alias`.
        inputs: These names.

    Returns:
        Column -> its value; paths begin with the name of an input.
    """
    plan = _tree(json.loads(frame._jdf.queryExecution().analyzed().toJSON()))
    found = _outputs(plan, frozenset(inputs))
    return dict(zip(frame.columns, (value for _, value in found), strict=True))


def _tree(nodes: list[dict[str, Any]]) -> Node:
    """The tree of nodes that Spark lists parents first."""

    def build(remaining: Iterator[dict[str, Any]]) -> Node:
        content = next(remaining)
        children = tuple(build(remaining) for _ in range(content["num-children"]))
        return Node(content["class"].rpartition(".")[2], content, children)

    return build(iter(nodes))


# Plans: the columns that a node puts out, by id and in order.

Outputs = list[tuple[int, Value]]


def _outputs(plan: Node, inputs: frozenset[str]) -> Outputs:
    if plan.kind == "SubqueryAlias" and plan.content["identifier"]["name"] in inputs:
        return _leaf(plan.children[0], plan.content["identifier"]["name"])
    if not plan.children:
        return _leaf(plan, None)
    below = [_outputs(child, inputs) for child in plan.children]
    known = {id_: value for outputs in below for id_, value in outputs}
    match plan.kind:
        case "Project":
            return _named(plan.content["projectList"], known)
        case "Aggregate":
            return _named(plan.content["aggregateExpressions"], known)
        case "Window":
            return below[0] + _named(plan.content["windowExpressions"], known)
        case "Generate":
            made = _value(_tree(plan.content["generator"]), known)
            return below[0] + [(_tree(column).id, made) for column in plan.content["generatorOutput"]]
        case "Union":
            columns = zip(*below, strict=True)
            return [(column[0][0], reduce(Value.__or__, (value for _, value in column))) for column in columns]
        case "Join":
            return below[0] + below[1]
        case _ if len(below) == 1:
            return below[0]
    raise NotImplementedError(f"plans with {plan.kind}")


def _leaf(plan: Node, name: str | None) -> Outputs:
    """The columns of a table; those without a name are constants."""
    columns = [_tree(column) for column in plan.content["output"]]
    if name is None:
        return [(column.id, NOTHING) for column in columns]
    return [(column.id, _source(f"{name}.{column.content['name']}", column.content["dataType"])) for column in columns]


def _source(path: str, kind: Any) -> Value:
    if isinstance(kind, dict) and kind["type"] == "struct":
        return Value(fields={part["name"]: _source(f"{path}.{part['name']}", part["type"]) for part in kind["fields"]})
    if isinstance(kind, dict) and kind["type"] == "array":
        return Value(element=_source(path, kind["elementType"]))
    return Value(frozenset([path]))


def _named(expressions: list[list[dict[str, Any]]], known: Environment) -> Outputs:
    trees = [_tree(expression) for expression in expressions]
    return [(tree.id, _value(tree, known)) for tree in trees]


# Expressions.


def _value(node: Node, known: Environment) -> Value:
    follow = _RULES.get(node.kind)
    if follow:
        return follow(node, known)
    plain = [_value(child, known) for child in node.children if child.kind != "LambdaFunction"]
    whole = Value(frozenset().union(*(value.everything() for value in plain)))
    lambdas = [child for child in node.children if child.kind == "LambdaFunction"]
    return Value(whole.paths.union(*(_applied(function, known, whole, whole).everything() for function in lambdas)))


def _applied(function: Node, known: Environment, *arguments: Value) -> Value:
    """The value of a lambda function; arguments that are left out are made of nothing."""
    body, *variables = function.children
    given = [*arguments, *[NOTHING] * len(variables)][: len(variables)]
    return _value(body, known | {variable.id: value for variable, value in zip(variables, given, strict=True)})


def _reference(node: Node, known: Environment) -> Value:
    return known[node.id]


def _only_first(node: Node, known: Environment) -> Value:
    return _value(node.children[0], known)


def _any_of(node: Node, known: Environment) -> Value:
    return reduce(Value.__or__, (_value(child, known) for child in node.children))


def _chosen(conditions: list[Node], values: list[Node], known: Environment) -> Value:
    deciding = Value(frozenset().union(*(_value(condition, known).everything() for condition in conditions)))
    return reduce(Value.__or__, (_value(value, known) for value in values), deciding)


def _if(node: Node, known: Environment) -> Value:
    condition, *values = node.children
    return _chosen([condition], values, known)


def _case_when(node: Node, known: Environment) -> Value:
    paired = len(node.children) // 2 * 2
    conditions, values = node.children[:paired:2], node.children[1:paired:2]
    return _chosen(list(conditions), [*values, *node.children[paired:]], known)


def _struct_field(node: Node, known: Environment) -> Value:
    struct = _value(node.children[0], known)
    names = list(struct.fields)
    return struct.part(struct.fields[names[node.content["ordinal"]]] if names else None)


def _named_struct(node: Node, known: Environment) -> Value:
    names, values = node.children[::2], node.children[1::2]
    return Value(fields={n.content["value"]: _value(v, known) for n, v in zip(names, values, strict=True)})


def _update_fields(node: Node, known: Environment) -> Value:
    struct, *operations = node.children
    value = _value(struct, known)
    fields = dict(value.fields)
    for operation in operations:
        if operation.kind == "DropField":
            fields.pop(operation.content["name"])
        else:
            fields[operation.content["name"]] = _value(operation.children[0], known)
    return Value(value.paths, fields)


def _array(node: Node, known: Environment) -> Value:
    return Value(element=reduce(Value.__or__, (_value(child, known) for child in node.children), NOTHING))


def _exploded(node: Node, known: Environment) -> Value:
    array = _value(node.children[0], known)
    return array.part(array.element)


def _transform(node: Node, known: Environment) -> Value:
    array, function = node.children
    value = _value(array, known)
    return Value(value.paths, element=_applied(function, known, value.part(value.element)))


def _aggregate(node: Node, known: Environment) -> Value:
    array, zero, merge, finish = node.children
    value = _value(array, known)
    total = _value(zero, known)
    total |= _applied(merge, known, total, value.part(value.element))
    return _applied(finish, known, total)


_RULES: Mapping[str, Callable[[Node, Environment], Value]] = {
    "AttributeReference": _reference,
    "NamedLambdaVariable": _reference,
    "Alias": _only_first,
    "Cast": _only_first,
    "ArrayFilter": _only_first,  # which elements take part
    "WindowExpression": _only_first,  # over which rows
    "Coalesce": _any_of,
    "If": _if,
    "CaseWhen": _case_when,
    "GetStructField": _struct_field,
    "CreateNamedStruct": _named_struct,
    "UpdateFields": _update_fields,
    "CreateArray": _array,
    "CollectList": _array,
    "AggregateExpression": _only_first,
    "Explode": _exploded,
    "ArrayTransform": _transform,
    "ArrayAggregate": _aggregate,
}
