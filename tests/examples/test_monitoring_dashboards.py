"""The dashboards and the scrape configurations of examples/monitoring: a real Prometheus scrapes the exporter, as each
configuration says, and evaluates each query and each alert."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import yaml

from exporting import running_exporter
from prometheus import Prometheus, need_prometheus, running_prometheus
from saved_fleet import saved_fleet
from trunkline.metrics.families import FAMILIES

EXAMPLE = Path(__file__).parents[2] / "examples" / "monitoring"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((EXAMPLE / "grafana").glob("*.json"))}
EACH_BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}


class Query(NamedTuple):
    """A query of a panel, with all PBXs chosen. ``panel`` is its title."""

    panel: str
    expression: str


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board: dict[str, Any]) -> Iterator[Query]:
    for panel in panels(board):
        for target in panel["targets"]:
            yield Query(panel["title"], target["expr"].replace("$pbx", ".+"))


# What a dashboard is made of


@EACH_BOARD
def test_a_dashboard_takes_its_data_source_and_pbxs_from_variables(board: dict[str, Any]) -> None:
    source, pbx = board["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("DS_PROMETHEUS", "datasource", "prometheus")
    assert (pbx["name"], pbx["type"], pbx["multi"]) == ("pbx", "query", True)
    assert pbx["datasource"] == SOURCE
    for panel in panels(board):
        assert panel["datasource"] == SOURCE, panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == SOURCE
            assert 'pbx=~"$pbx"' in target["expr"], f"{panel['title']} shows PBXs that are not chosen"
    assert not board.get("id"), "an id belongs to one Grafana"


@EACH_BOARD
def test_every_panel_has_a_title_a_description_and_a_unit(board: dict[str, Any]) -> None:
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles)
    for panel in panels(board):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)


@EACH_BOARD
def test_panels_are_in_the_grid_and_do_not_overlap(board: dict[str, Any]) -> None:
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    places = {panel["title"]: panel["gridPos"] for panel in board["panels"]}
    for title, at in places.items():
        assert 0 <= at["x"] < at["x"] + at["w"] <= 24, title
        assert at["h"] > 0, title
    for (one, a), (other, b) in itertools.combinations(places.items(), 2):
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert apart or below, f"{one} and {other}"


def test_a_renamed_column_of_a_table_is_one_that_its_queries_give() -> None:
    for board in BOARDS.values():
        for panel in panels(board):
            for change in panel.get("transformations", []):
                if change["id"] != "organize":
                    continue
                values = {f"Value #{target['refId']}" for target in panel["targets"]}
                named = {name for name in change["options"]["renameByName"] if name.startswith("Value #")}
                assert named <= values, panel["title"]
                shown = set(change["options"]["renameByName"].values())
                changed = {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]}
                assert changed <= shown, panel["title"]


def test_the_fleet_leads_to_the_dashboard_of_a_pbx() -> None:
    links = re.findall(r"/d/([\w-]+)\?", json.dumps(BOARDS["fleet"]))
    assert set(links) == {BOARDS["pbx"]["uid"]}


# What a Prometheus makes of it


class Exporter(NamedTuple):
    """A running ``trunkline metrics``: its address, the PBXs that answer, and the one that doesn't."""

    address: str
    up: list[str]
    dead: str


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """The exporter over two demo PBXs, whose certificates it sees, and a dead one."""
    need_prometheus()
    folder = tmp_path_factory.mktemp("fleet")
    with saved_fleet(folder, 2, dead=1, seed="demo", tls=True) as fleet:
        profiles = Path(fleet.environment["TRUNKLINE_PROFILES"])
        trusting = f'ca_file = "{fleet.tenants[0].ca_file}"\nclient_id ='
        profiles.write_text(profiles.read_text().replace("client_id =", trusting))
        with running_exporter(fleet.environment, "--min-interval", "0") as running:
            yield Exporter(urlsplit(running.url).netloc, list(fleet.names), fleet.dead[0])


def configuration(name: str, exporter: Exporter) -> str:
    """A configuration of the example with the address of the exporter, scraping often, and its rules."""
    text = (EXAMPLE / "prometheus" / name).read_text().replace("127.0.0.1:9733", exporter.address)
    changed: dict[str, Any] = yaml.safe_load(text)
    del changed["alerting"]
    changed["global"] = {"scrape_interval": "5s", "evaluation_interval": "1s"}
    for job in changed["scrape_configs"]:
        job["scrape_timeout"] = "5s"
    return yaml.safe_dump(changed)


@pytest.fixture(scope="module")
def prometheus(exporter: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "alerts.yaml").write_text((EXAMPLE / "prometheus" / "alerts.yaml").read_text())
    with running_prometheus(folder, configuration("prometheus.yml", exporter)) as running:
        running.wait_until(
            lambda: len(running.query('ALERTS{alertname="ThreecxDown"}')) > 0, "the rules saw the dead PBX"
        )
        running.wait_until(lambda: len(running.query("threecx_queue_today_answered_calls")) > 0, "a report of today")
        yield running


# The calls of the demo company were months ago, and the emulator reports no load of its processor.
NOT_IN_THE_DEMO = ("threecx_queue_today_service_level_ratio", "threecx_cpu_usage_ratio")


@pytest.mark.parametrize(
    ("name", "query"),
    [pytest.param(name, query, id=f"{name}: {query.panel}") for name in BOARDS for query in queries(BOARDS[name])],
)
def test_a_query_of_a_dashboard_gives_a_result(name: str, query: Query, prometheus: Prometheus) -> None:
    if any(name in query.expression for name in NOT_IN_THE_DEMO):
        assert prometheus.query(query.expression) == []
    else:  # on a busy machine a scrape may miss a part, and the next one has it
        prometheus.wait_until(lambda: len(prometheus.query(query.expression)) > 0, query.expression)


def test_prometheus_understands_the_annotations_and_finds_the_pbxs(exporter: Exporter, prometheus: Prometheus) -> None:
    for board in BOARDS.values():
        (annotation,) = board["annotations"]["list"]
        assert prometheus.query(annotation["expr"].replace("$pbx", ".+")) == [], "no PBX was updated just now"
        assert annotation["datasource"] == SOURCE
        asked = board["templating"]["list"][1]["query"]["query"]
        assert asked == "label_values(threecx_up, pbx)"
    assert prometheus.get("label/pbx/values") == sorted([*exporter.up, exporter.dead])


def test_every_metric_that_an_example_names_is_one_of_the_exporter() -> None:
    """A name that nobody has is an error nowhere: the query has no result, and the alert never fires."""
    names = {family.name for family in FAMILIES}
    for path in EXAMPLE.rglob("*"):
        used = set(re.findall(r"\bthreecx_[a-z_]+[a-z]\b", path.read_text())) if path.is_file() else set()
        assert used - {"threecx_licence"} <= names, path  # that one is the start of a pattern


def test_each_alert_is_evaluated_and_the_dead_pbx_is_the_only_news(exporter: Exporter, prometheus: Prometheus) -> None:
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}, [rule.get("lastError") for rule in rules]
    alerts = {(alert.labels["alertname"], alert.labels["pbx"]) for alert in prometheus.query("ALERTS")}
    assert ("ThreecxDown", exporter.dead) in alerts
    assert {name for name, pbx in alerts if pbx == exporter.dead} == {"ThreecxDown"}
    (down,) = [rule for rule in rules if rule["name"] == "ThreecxDown"]
    assert down["alerts"][0]["annotations"]["summary"] == f"{exporter.dead} is down: unreachable"


def test_each_pbx_is_a_target_of_its_own_by_probe(exporter: Exporter, tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text((EXAMPLE / "prometheus" / "alerts.yaml").read_text())
    names = [*exporter.up, exporter.dead]
    (tmp_path / "pbxs.yml").write_text(yaml.safe_dump([{"targets": names, "labels": {"site": "berlin"}}]))
    with running_prometheus(tmp_path, configuration("prometheus-probe.yml", exporter)) as running:
        running.wait_until(lambda: len(running.query("threecx_up")) == len(names), "each PBX is scraped")
        assert {target["labels"]["instance"] for target in running.targets()} == set(names)
        ups = {
            (each.labels["pbx"], each.labels["instance"], each.labels["site"]) for each in running.query("threecx_up")
        }
        assert ups == {(name, name, "berlin") for name in names}
        assert [each.labels["pbx"] for each in running.query("threecx_up == 0")] == [exporter.dead]
        assert len(running.query("up == 1")) == len(names), "the exporter answers for a dead PBX too"
