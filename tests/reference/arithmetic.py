"""Plain arithmetic in a text: numbers, + - * /, parentheses and one unknown."""

import ast
import operator

OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
              ast.Div: operator.truediv}


def value(text, unknown=None):
    """What `text` comes to. Anything but arithmetic is a ValueError."""
    def of(node):
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
            return OPERATIONS[type(node.op)](of(node.left), of(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -of(node.operand)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.Name) and node.id in ("x", "X") and unknown is not None:
            return unknown
        raise ValueError(f"not arithmetic: {text}")
    return of(ast.parse(text.strip(), mode="eval").body)


def holds(equation, unknown=None):
    """Whether both sides of "left=right" come to the same."""
    left, right = (value(side, unknown) for side in equation.split("="))
    return close(left, right)


def close(a, b):
    return abs(a - b) <= 1e-9 * max(1.0, abs(b))


def outermost(text):
    """The type of the last operation, an `ast` operator class."""
    return type(ast.parse(text.strip(), mode="eval").body.op)
