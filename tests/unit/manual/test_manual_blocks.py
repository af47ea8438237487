"""How the blocks of the user's manual are found and compared."""

from pathlib import Path

import pytest
import yaml

from tests.e2e.manual.blocks import as_typed_natively, blocks_of, fenced, shows

MANUAL = """# Manual
## 2 Queues
#### 2.1.2 On the command line
```sh compose
docker compose ps
```
```console
NAME STATE
```
```sql rollback
DELETE FROM inference_jobs;
```
## C. Logs
```yaml
a: 1
```
```python
print(1)
```
"""


def test_block_knows_its_section_its_words_and_what_it_prints(tmp_path: Path) -> None:
    path = tmp_path / "manual.md"
    path.write_text(MANUAL, encoding="utf-8")
    shell, query, program = blocks_of(path)
    assert (shell.name, shell.words, shell.body) == ("2.1.2-1", frozenset({"compose"}), "docker compose ps\n")
    assert shell.shown == "NAME STATE\n"
    assert (query.name, query.language, query.words) == ("2.1.2-2", "sql", frozenset({"rollback"}))
    assert query.shown is None
    assert (program.section, program.language) == ("C", "python")


def test_open_block_is_refused() -> None:
    with pytest.raises(ValueError, match="section 2 is not closed"):
        fenced("## 2 Queues\n```sh\nls\n")


@pytest.mark.parametrize(
    ("command", "native"),
    [
        ("docker exec kafka kafka-topics --list", "kafka-topics --list"),
        ("docker exec -it postgres psql -U admin", "psql -U admin"),
        ("cat a.sql | docker exec -i postgres psql", "cat a.sql | psql"),
        ("X=$(docker exec analysis-worker-1 celery -A tasks)", "X=$(celery -A tasks)"),
        ("docker compose ps", "docker compose ps"),
    ],
)
def test_natively_the_container_is_left_out(command: str, native: str) -> None:
    assert as_typed_natively(command) == native


@pytest.mark.parametrize(
    ("printed", "sample"),
    [
        ("  job_id   |  status \n-----\n", " job_id | status\n"),
        ("inference\t17\n", "inference\t2\n"),
        ('{"result":[{"metric":{}}]}\n', '{"result":[…\n'),
        (
            '{"job_id":"34d7ab43-bf15-42fa-9027-53ac4414b2ae"}',
            '{"job_id":"f47ac10b-58cc-4372-a567-0e02b2c3d479"}',
        ),
    ],
)
def test_numbers_ids_and_widths_may_differ(printed: str, sample: str) -> None:
    assert shows(printed, sample)


@pytest.mark.parametrize(
    ("printed", "sample"),
    [("job_id | state\n", "job_id | status\n"), ("", "VACUUM\n"), ('{"error":1}', '{"result":[…\n')],
)
def test_other_words_do_not_count_as_shown(printed: str, sample: str) -> None:
    assert not shows(printed, sample)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_signal_that_resumes_intake_is_sent_to_every_trigger(language: str) -> None:
    """The service of the further triggers bears the name of the first one's container."""
    checkout = Path(__file__).resolve().parents[3]
    text = (checkout / "docs" / f"manual.{language}.md").read_text(encoding="utf-8")
    (command,) = (part for part in text.split("`") if part.startswith("docker compose kill -s USR1"))
    services = yaml.safe_load((checkout / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    triggers = {
        name for name, service in services.items() if service.get("image") == services["trigger"]["image"]
    }
    assert set(command.split()[5:]) == triggers
