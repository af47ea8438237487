"""A folder of code can be taken in at a glance."""

from collections import Counter

from tests.unit.docs.test_documents import FILES, ROOT

MOST_FILES = 12


def test_no_folder_of_python_holds_more_files_than_can_be_taken_in() -> None:
    files = [path.relative_to(ROOT) for path in FILES]
    # The native mode's folder also holds what is typed and what its setup reads.
    coded = {path.parent for path in files if path.suffix == ".py" and path.parts[0] != "deploy"}
    beside = Counter(path.parent for path in files)
    assert len(coded) > 80
    assert {str(folder): beside[folder] for folder in coded if beside[folder] > MOST_FILES} == {}
