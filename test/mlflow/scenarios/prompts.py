"""Prompts, which are models and versions with a tag of their own."""

import mlflow
from mlflow.tracking import MlflowClient

from harness import equals, eventually, refused, scenario, unique


def _name(kind: str) -> str:
    return unique(kind).replace(" ", "-")


@scenario(since=3)
def a_prompt_is_registered_and_loaded():
    client = MlflowClient()
    name = _name("prompt")
    first = mlflow.genai.register_prompt(name, "Hello {{name}}", commit_message="the first", tags={"k": "v"})
    equals((first.version, first.template, first.commit_message), (1, "Hello {{name}}", "the first"))
    second = mlflow.genai.register_prompt(name, [{"role": "user", "content": "Hi {{name}}"}])
    equals((second.version, second.format(name="Ada")), (2, [{"role": "user", "content": "Hi Ada"}]))
    mlflow.genai.set_prompt_alias(name, "champion", 1)
    held = mlflow.genai.load_prompt(f"prompts:/{name}@champion")
    equals((held.version, held.format(name="Ada"), held.tags), (1, "Hello Ada", {"k": "v"}))
    equals(mlflow.genai.load_prompt(name, version=2).version, 2)
    eventually(lambda: equals([p.name for p in mlflow.genai.search_prompts(f"name = '{name}'")], [name]))
    equals([m.name for m in client.search_registered_models(f"name = '{name}'")], [])
    equals(list(client.search_model_versions(f"name = '{name}'")), [])
    mlflow.genai.delete_prompt_alias(name, "champion")
    client.delete_prompt_version(name, "1")
    client.delete_prompt_version(name, "2")
    client.delete_prompt(name)
    eventually(lambda: equals(list(mlflow.genai.search_prompts(f"name = '{name}'")), []))


@scenario(since=3)
def a_prompt_and_a_model_have_no_name_in_common():
    client = MlflowClient()
    prompt, model = _name("prompt"), _name("model")
    mlflow.genai.register_prompt(prompt, "Hello")
    client.create_registered_model(model)
    with refused("RESOURCE_ALREADY_EXISTS", "Tried to create a registered model", "already taken by a prompt"):
        client.create_registered_model(prompt)
    with refused("INVALID_PARAMETER_VALUE", "exists with the same name", "as an existing model"):
        mlflow.genai.register_prompt(model, "Hello")
