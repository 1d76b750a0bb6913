"""The API's contract is the one that is checked in: whoever changes it changes `contract.json` too."""

import json
from pathlib import Path

from chatbot_saas.api.schema import description
from tests.docs.contract import PROBLEM, in_one_form, summarize_contract

CHECKED_IN = json.loads((Path(__file__).parent / "contract.json").read_text("utf-8"))


def test_the_description_holds_the_contract_that_is_checked_in() -> None:
    contract = summarize_contract(description())
    assert contract.keys() == CHECKED_IN["operations"].keys()
    for name, operation in contract.items():
        assert in_one_form(operation) == in_one_form(CHECKED_IN["operations"][name]), name


def test_every_problem_is_of_the_form_that_is_checked_in() -> None:
    document = description()
    forms = [
        response["content"][PROBLEM]["schema"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for response in operation["responses"].values()
        if PROBLEM in response.get("content", {})
    ]
    assert all(form == forms[0] for form in forms)
    name = forms[0]["$ref"].rpartition("/")[2]
    problem = document["components"]["schemas"][name]
    assert sorted(problem["required"]) == CHECKED_IN["problem"]["required"]
    assert sorted(problem["properties"]) == CHECKED_IN["problem"]["members"]


def test_every_operation_says_which_scope_it_needs() -> None:
    scopes = {
        operation["operationId"]: operation.get("x-scope")
        for methods in description()["paths"].values()
        for operation in methods.values()
    }
    assert scopes == CHECKED_IN["scopes"]
