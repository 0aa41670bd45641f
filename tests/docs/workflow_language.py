"""As much of Logic Apps as the recipes use: HTTP actions that poll by themselves, and the expressions in them.

https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language and
https://learn.microsoft.com/azure/connectors/connectors-native-http#asynchronous-request-response-behavior: an HTTP
action that is answered 202 asks its Location again, after Retry-After, until there is another answer.
"""

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

_ACCEPTED = 202
_TEMPLATE = re.compile(r"@\{(.*?)\}(?=[^)}]|$)")
_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([A-Za-z_][\w$]*)|(\?\[|\[|\]|\(|\)|,))")

type Send = Callable[[str, str, dict[str, str], bytes], httpx.Response]


class Run:
    """One run of a workflow; `outputs` has what each action gave."""

    def __init__(
        self, definition: Mapping[str, Any], parameters: Mapping[str, Any], trigger_body: Any, send: Send
    ) -> None:
        self._definition = definition["definition"]
        defaults = {name: each.get("defaultValue") for name, each in self._definition["parameters"].items()}
        self._parameters = defaults | dict(parameters)
        self._trigger_body = trigger_body
        self._send = send
        self.outputs: dict[str, Any] = {}

    def run(self) -> None:
        """Carry out the actions, each after those that it runs after."""
        left = dict(self._definition["actions"])
        while left:
            name = next(name for name, action in left.items() if self.outputs.keys() >= action["runAfter"].keys())
            action = left.pop(name)
            match action["type"]:
                case "Http":
                    self.outputs[name] = self._http(self._value(action["inputs"]))
                case "Compose" | "Response":
                    self.outputs[name] = self._value(action["inputs"])
                case other:
                    raise AssertionError(f"the recipes use no {other}")

    def _http(self, inputs: dict[str, Any]) -> Any:
        body = inputs["body"]
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        answer = self._send(inputs["method"], inputs["uri"], inputs["headers"], content)
        while answer.status_code == _ACCEPTED and "location" in answer.headers:
            time.sleep(float(answer.headers["retry-after"]))
            answer = self._send("GET", answer.headers["location"], {}, b"")  # none of the action's own headers
        assert answer.is_success, answer.text
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    def _value(self, template: Any) -> Any:
        match template:
            case dict():
                return {name: self._value(value) for name, value in template.items()}
            case list():
                return [self._value(value) for value in template]
            case str() if template.startswith("@") and not template.startswith("@{"):
                return self._evaluate(template[1:])
            case str():
                return _TEMPLATE.sub(lambda found: _text(self._evaluate(found[1])), template)
            case _:
                return template

    def _evaluate(self, expression: str) -> Any:
        tokens = list(_TOKEN.finditer(expression))
        value, rest = self._expression(tokens)
        assert not rest, expression
        return value

    def _expression(self, tokens: list[re.Match[str]]) -> tuple[Any, list[re.Match[str]]]:
        first, rest = tokens[0], tokens[1:]
        if first[1] is not None:
            return first[1].replace("''", "'"), rest
        arguments: list[Any] = []
        assert rest[0][3] == "(", first[0]
        rest = rest[1:]
        while rest[0][3] != ")":
            if rest[0][3] == ",":
                rest = rest[1:]
            argument, rest = self._expression(rest)
            arguments.append(argument)
        value, rest = self._call(first[2], arguments), rest[1:]
        while rest and rest[0][3] in {"[", "?["}:
            safe = rest[0][3] == "?["
            key, rest = self._expression(rest[1:])
            value = value.get(key) if safe and value is not None else value and value[key]
            rest = rest[1:]
        return value, rest

    def _call(self, name: str, arguments: list[Any]) -> Any:
        match name, arguments:
            case "parameters", [str(parameter)]:
                return self._parameters[parameter]
            case "triggerBody", []:
                return self._trigger_body
            case "body" | "outputs", [str(action)]:
                return self.outputs[action]
            case "string", [value]:
                return _text(value)
            case "json", [str(text)]:
                return json.loads(text)
            case "base64", [str(text)]:
                return base64.b64encode(text.encode()).decode()
            case "encodeURIComponent", [str(text)]:
                return quote(text, safe="")
            case _:
                raise AssertionError(f"the recipes use no {name}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
