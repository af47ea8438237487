"""The operator's manual, typed in Compose, section by section."""

import json
import re
import sys

import pytest
import requests

from testbed.running_platform import Platform
from testbed.supervised import wait_until
from tests.compose.containers import Containers
from tests.e2e.manual.queries import COLUMNS, QUERIES

API = "http://localhost:8000/api/v1"
TOPICS = "docker exec kafka kafka-topics --bootstrap-server localhost:9092"
GROUPS = "docker exec kafka kafka-consumer-groups --bootstrap-server localhost:9092"
PSQL = "docker exec -i postgres psql -U admin -d orders_db"

pytestmark = pytest.mark.compose

COMMANDS = {
    "1.1 again": ("./init-kafka.sh", "stays as it is"),
    "1.1 underscore": ("./init_kafka.sh", "stays as it is"),
    "1.2 again": ("docker compose up -d", "Running"),
    "1.3 operation-server": ("docker compose up -d operation-server", "operation-server +Running"),
    "1.3 analysis-worker-1": ("docker compose up -d analysis-worker-1", "analysis-worker-1 +Running"),
    "1.4": ("docker compose ps", r"^nginx .*127\.0\.0\.1:8500->8500"),
    "1.4 operation-server": ("docker compose ps operation-server", r"\(healthy\) .*8000->8000/tcp"),
    "1.6": ("docker compose logs", "operation-server"),
    "1.6 operation-server": ("docker compose logs operation-server", "GET|Uvicorn|started"),
    "1.6 tail": ("docker compose logs --tail 50 kafka-inference-trigger", "Waiting for telemetry"),
    "2.1.2 list": (f"{TOPICS} --list", "^satellite-telemetry$"),
    "2.1.2 describe": (f"{TOPICS} --describe --topic satellite-telemetry", "ReplicationFactor: 1"),
    "2.1.2 group": (
        f"{GROUPS} --describe --group analysis-inference-group",
        r"GROUP +TOPIC +PARTITION +CURRENT-OFFSET +LOG-END-OFFSET +LAG",
    ),
    "2.2.2 queues": ("docker exec rabbitmq rabbitmqctl list_queues", r"^inference\s+\d+$"),
    "2.2.2 connections": ("docker exec rabbitmq rabbitmqctl list_connections", "guest.*running"),
    "2.2.2 consumers": ("docker exec rabbitmq rabbitmqctl list_consumers", "^inference"),
    "2.3.2 active": ("docker exec analysis-worker-1 celery -A tasks inspect active", "nodes? online"),
    "2.3.2 stats": (
        "docker exec analysis-worker-1 celery -A tasks inspect stats",
        "celery@analysis-worker-1: OK",
    ),
    "3.1": (rf"{PSQL} -c '\d inference_jobs'", 'Table "public.inference_jobs"'),
    "3.5": ("docker exec postgres pg_dump -U admin -s -t inference_jobs orders_db", "CREATE TABLE"),
    "4.2 ready": ("curl -sS -o /dev/null -w '%{http_code}' http://localhost:8500/v2/health/ready", "200"),
    "4.2 models": (
        "curl -sS http://localhost:8500/v2/models",
        '{"name":"lstm_timeseries","version":"1","state":"READY"}',
    ),
    "4.2 model": (
        "curl -sS -o /dev/null -w '%{http_code}' http://localhost:8500/v2/models/lstm_timeseries/ready",
        "200",
    ),
    "4.2 metrics": (
        "curl -sS http://localhost:8502/metrics",
        r"nv_inference_exec_time_us\{.*lstm_timeseries",
    ),
    "4.3": ("docker stats --no-stream triton-server analysis-worker-1", "triton-server"),
    "6.1.1": ("docker compose ps kafka", "kafka"),
    "6.1.2": ("docker exec rabbitmq rabbitmq-diagnostics ping", "Ping succeeded"),
    "6.1.3": ("docker logs postgres --tail 50", "ready to accept connections"),
    "6.1.4": ("docker logs triton-server", "Started GRPCInferenceService|Started HTTPService"),
    "7.4": (
        "./monitor.sh",
        r"inference\s+\d+(.|\n)*satellite-telemetry(.|\n)*total(.|\n)*GPU Status:\nnot available",
    ),
    "C": ("docker logs operation-server > operation-server.log 2>&1; cat operation-server.log", "startup"),
    "D df": ("docker system df", "Images"),
    "D volumes": ("docker volume ls", "satellite_postgres_data"),
}


class TestFirstRequest:
    """Nothing came before it."""

    def test_batch_client_is_answered_ten_times_completed(self, containers: Containers) -> None:
        client = (
            "import requests, time\n"
            "jobs = []\n"
            "for i in range(10):\n"
            f"    answer = requests.post('{API}/inference/submit', json={{'model_name': 'lstm_timeseries',"
            " 'data': [25.0 + i * 0.1] * 10, 'config': {'forecast_horizon': 5}})\n"
            "    jobs.append(answer.json()['job_id'])\n"
            "    print(f'Submitted job {i + 1}/10: {jobs[-1]}')\n"
            "    time.sleep(0.1)\n"
            "time.sleep(5)\n"
            "for job in jobs:\n"
            f"    answer = requests.get(f'{API}/inference/result/{{job}}')\n"
            "    print(f'{job}: {answer.json()[\"status\"]}')\n"
        )
        (containers.folder / "batch.py").write_text(client, encoding="utf-8")
        printed = containers.run(f"{sys.executable} batch.py")
        assert len(re.findall(r"^Submitted job \d+/10: ", printed, re.MULTILINE)) == 10
        assert printed.count(": completed") == 10


class TestSimulator:
    """Section 5.2: satellites on the host and in a container."""

    @pytest.mark.parametrize(
        "command",
        [
            "cd tests && {python} satellite_simulator.py --kafka kafka:9092 {options}",
            "docker compose run --rm simulator {options}",
        ],
        ids=["on the host", "in a container"],
    )
    def test_simulated_telemetry_becomes_jobs(
        self, containers: Containers, platform: Platform, command: str
    ) -> None:
        options = "--satellites 3 --interval 1 --duration 20 --fault low_battery*20@1"
        before = platform.query("SELECT count(*) FROM inference_jobs WHERE source = 'kafka_auto_trigger'")[0][
            0
        ]
        printed = containers.run(command.format(python=sys.executable, options=options))
        assert "인공위성 텔레메트리 시뮬레이터" in printed
        wait_until(
            lambda: (
                platform.query(
                    "SELECT count(*) FROM inference_jobs WHERE source = 'kafka_auto_trigger'"
                    " AND status = 'completed'"
                )[0][0]
                > before
            ),
            "jobs of simulated telemetry complete",
            within_s=30,
        )

    def test_the_triggers_log_holds_the_manuals_lines(self, containers: Containers) -> None:
        printed = containers.run("docker logs kafka-inference-trigger --tail 200")
        stamp = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - "
        assert re.search(stamp + r"Low battery detected: \d+(\.\d+)?%$", printed, re.MULTILINE)
        for subsystem in ("eps", "thermal", "aocs", "comm"):
            assert re.search(stamp + f"Submitted {subsystem} inference for SAT-", printed, re.MULTILINE)
        assert re.search(
            stamp + r"Submitted 4 subsystem inferences for SAT-\d+ \(job: kafka-SAT-\d+-\d{13}\)$",
            printed,
            re.MULTILINE,
        )
        assert "Completed" in containers.run("docker logs analysis-worker-1 --tail 50")

    def test_messages_can_be_read_from_the_topic(self, containers: Containers) -> None:
        printed = containers.run(
            "docker exec kafka kafka-console-consumer --bootstrap-server localhost:9092"
            " --topic satellite-telemetry --from-beginning --max-messages 5"
        )
        messages = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        assert len(messages) == 5
        assert all(message["satellite_id"] for message in messages)


class TestCommands:
    """Every other command answers as the manual says."""

    @pytest.mark.parametrize("section", COMMANDS)
    def test_command_answers(self, containers: Containers, section: str) -> None:
        command, expected = COMMANDS[section]
        assert re.search(expected, containers.run(command), re.MULTILINE)

    def test_the_registered_tasks_are_three(self, containers: Containers) -> None:
        printed = containers.run("docker exec analysis-worker-1 celery -A tasks inspect registered --json")
        assert json.loads(printed)["celery@analysis-worker-1"] == [
            "analysis_server.tasks.learn",
            "analysis_server.tasks.run_inference",
            "analysis_server.tasks.run_subsystem_inference",
        ]

    @pytest.mark.parametrize("section", COLUMNS)
    def test_query_prints_the_stated_columns(self, containers: Containers, section: str) -> None:
        (containers.folder / "query.sql").write_text(QUERIES[section], encoding="utf-8")
        printed = containers.run(f"{PSQL} -v ON_ERROR_STOP=1 --csv < query.sql")
        assert printed.splitlines()[0].split(",") == COLUMNS[section].split()

    def test_the_list_of_tables_holds_exactly_three(self, containers: Containers) -> None:
        printed = containers.run(rf"{PSQL} -At -c '\dt'").split()
        assert [line.split("|")[1] for line in printed] == [
            "inference_jobs",
            "inference_results",
            "subsystem_inferences",
        ]

    @pytest.mark.parametrize(
        "page",
        [
            "http://localhost:8080/",
            "http://localhost:15672/",
            "http://localhost:5555/",
            "http://localhost:8428/vmui/",
            "http://localhost:8000/docs",
            "http://localhost/",
            "http://localhost/docs",
            "http://localhost/docs/",
            "http://localhost/docs/manual.ko.html",
            "http://localhost/healthz",
            "http://localhost/api/v1/dashboard/live-stats",
            "http://localhost/victoriametrics/vmui/",
            "http://localhost:9200/_cluster/health?wait_for_status=green",
            "http://localhost/api/v1/search?q=lstm_timeseries",
            "http://localhost/api/v1/search/analytics/models",
        ],
    )
    def test_page_is_there(self, containers: Containers, page: str) -> None:
        assert requests.get(page, timeout=30).status_code == 200

    def test_only_loopback_is_open(self, containers: Containers) -> None:
        printed = containers.run("docker compose ps --format '{{.Ports}}'")
        published = re.findall(r"([0-9.\[\]:]+):\d+->", printed)
        assert set(published) == {"127.0.0.1"}

    def test_no_process_is_root_but_where_an_image_leaves_no_choice(self, containers: Containers) -> None:
        roots = {
            name
            for name, (state, _) in containers.states().items()
            if state == "running" and containers.run(f"docker exec {name} id -u").strip() == "0"
        }
        assert roots <= {"triton-server", "victoria-metrics"}

    def test_the_worker_command_as_printed_keeps_its_meaning(self, containers: Containers) -> None:
        fragment = (
            "services:\n"
            "  analysis-worker-1:\n"
            "    command: celery -A tasks worker \\\n"
            "      --loglevel=info \\\n"
            "      --concurrency=4 \\\n"
            "      --max-tasks-per-child=100 \\\n"
            "      --prefetch-multiplier=2\n"
        )
        with containers.override(fragment) as files:
            containers.run(f"docker compose {files} up -d --wait --no-deps analysis-worker-1")
            node = containers.run("docker exec satellite-analysis-worker-1-1 hostname").strip()
            printed = containers.run(
                f"docker exec analysis-worker-1 celery -A tasks inspect stats -d celery@{node} --json"
            )
            pool = json.loads(printed)[f"celery@{node}"]["pool"]
            assert (pool["max-concurrency"], pool["max-tasks-per-child"]) == (4, 100)
            assert len(pool["processes"]) == 4
        containers.run("docker compose up -d --wait --no-deps analysis-worker-1")


class TestScaling:
    """Section 6.2."""

    def test_three_replicas_have_three_node_names(self, containers: Containers) -> None:
        containers.run("docker compose up -d --wait --scale analysis-worker-1=3")
        assert [name for name in containers.states() if name.startswith("satellite-analysis-worker-1-")] == [
            f"satellite-analysis-worker-1-{number}" for number in (1, 2, 3)
        ]

        def nodes() -> bool:
            ping = containers.run(
                "docker exec analysis-worker-1 celery -A tasks inspect ping --json", check=False
            )
            return ping.startswith("{") and len(json.loads(ping)) == 4

        wait_until(nodes, "four workers answer", within_s=30, every_s=1)
        containers.run("docker compose restart analysis-worker-1")
        containers.wait_until_healthy("analysis-worker-1")

    def test_two_replicas_of_the_trigger_share_four_partitions(
        self, containers: Containers, platform: Platform
    ) -> None:
        containers.run(f"{TOPICS} --alter --topic satellite-telemetry --partitions 4")
        fragment = "services:\n  kafka-inference-trigger:\n    deploy:\n      replicas: 2\n"
        with containers.override(fragment) as files:
            containers.run(f"docker compose {files} up -d --wait")

            def owners() -> set[str]:
                described = containers.run(f"{GROUPS} --describe --group analysis-inference-group")
                return set(re.findall(r"kafka-inference-trigger@\S+-[0-9a-f]{12}", described))

            wait_until(
                lambda: len(owners()) == 3, "three members share the partitions", within_s=60, every_s=2
            )
        again = containers.run(f"{TOPICS} --alter --topic satellite-telemetry --partitions 4", check=False)
        assert "already has 4 partition" in again
        containers.run("docker compose up -d --wait")


def test_preflight_refuses_the_manuals_passwords_on_a_network(containers: Containers) -> None:
    printed = containers.run("BIND_ADDRESS=0.0.0.0 docker compose run --rm --no-deps preflight", check=False)
    for key in ("POSTGRES_PASSWORD", "CELERY_BROKER_URL", "API_KEYS", "FLOWER_BASIC_AUTH"):
        assert re.search(
            f"^preflight: BIND_ADDRESS=0.0.0.0 is open to a network: .*{key}", printed, re.MULTILINE
        )
