"""Prints the OpenAPI document of the operation server: `python -m deploy.openapi`."""

import json

from operation_server.app import create_app

if __name__ == "__main__":
    print(json.dumps(create_app().openapi(), indent=2))
