"""(h) What the simulation of many instances says with the costs of this run: one organizer alone, and many."""

from dataclasses import replace

from tests.benchmarks.apps import App
from tests.benchmarks.figures import Report
from tests.benchmarks.surroundings import Surroundings
from tests.proofs.scale.processor import Measured
from tests.proofs.scale.run import Arrival, Plan, run

SECTION = "simulation"
ONE_INSTANCE, TEN_INSTANCES = "one organizer, one instance", "one organizer, ten instances"
TEN_CALLS = "one organizer, ten instances, calls for each that is needed"
OF_PROCESSORS = "many organizers, ten instances, of what the processors allow"
# As many that their mailboxes are no limit.
_ORGANIZERS = 1_000


def measure(surroundings: Surroundings, report: Report) -> None:
    """Simulate; what the processors allow needs what this run has measured of operations, calls and the path."""
    plan, app = surroundings.plan, App.CONVENE
    of_one = Plan(plan.of_one_organizer, 1, organizers=0, hot=plan.of_one_organizer)
    report.add(SECTION, ONE_INSTANCE, "/s", app, run(of_one).per_second)
    for seed in range(1, plan.storage_rounds + 1):  # how ten instances come to know of each other is chance
        ten = run(replace(of_one, instances=10), seed)
        report.add(SECTION, TEN_INSTANCES, "/s", app, ten.per_second)
        report.add(SECTION, TEN_CALLS, "", app, ten.calls_per_needed)
    try:
        measured = Measured.of(report.medians())
    except KeyError:
        return
    many = plan.of_many_organizers
    whole = run(Plan(many, 10, _ORGANIZERS, arrival=Arrival.BURST, measured=measured))
    report.add(SECTION, OF_PROCESSORS, "", app, whole.share_of_processors)
    report.add(SECTION, "many organizers, ten instances", "/s", app, whole.per_second)
    report.add(SECTION, "many organizers, processor of a meeting", "ms", app, whole.processor_ms_per_meeting)
