"""What starts the platform stands on what supervises it, and that on the table of services.

import-linter looks after the other packages; with this one among them it would not see who imports `deploy`.
"""

from grimp import build_graph

LAYERS = ["__main__ | demo", "installation", "supervision", "services"]


def test_nothing_of_the_native_mode_imports_what_stands_on_it() -> None:
    graph = build_graph("deploy.native")
    layers = [set(layer.split(" | ")) for layer in LAYERS]
    assert {f"deploy.native.{name}" for name in set().union(*layers)} <= graph.modules
    assert graph.find_illegal_dependencies_for_layers(layers, containers={"deploy.native"}) == set()


def test_no_two_modules_of_the_native_mode_import_each_other() -> None:
    graph = build_graph("deploy.native")
    assert {
        (module, other)
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
        if graph.chain_exists(other, module)
    } == set()
