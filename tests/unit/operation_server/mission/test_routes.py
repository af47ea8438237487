from operation_server.mission.routes import describe_mission
from telemetry_core.service.settings import Settings, load_mission


def test_description_holds_what_the_mission_file_says() -> None:
    mission = load_mission(Settings().mission_file)
    described = describe_mission(mission, ["lstm_timeseries"])
    assert [item.name for item in described.subsystems] == list(mission.subsystems)
    aocs = next(item for item in described.subsystems if item.name == "aocs")
    thruster = next(item for item in aocs.channels if item.name == "thruster_active")
    assert (thruster.is_flag, thruster.is_feature, thruster.nominal) == (True, False, None)
    assert [(rule.channel, rule.equals, rule.below) for rule in aocs.rules] == [
        ("thruster_active", 1.0, None)
    ]
    assert described.window.max_gap_s == mission.window.max_gap_s
