"""Makes event source mappings long-poll their queues, as AWS does.

LocalStack's own ask every queue once a second. With sixty functions that keeps its one interpreter
lock so busy that requests take seconds. A long poll costs nothing while its queue is empty, and a
message is delivered at once.
"""

from localstack.runtime import hooks

WAIT_SECONDS = 20  # the longest that SQS allows


@hooks.on_infra_start()
def long_poll_queues():
    from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller

    initialize = SqsPoller.__init__

    def initialize_for_long_polls(self, *args, **kwargs):
        initialize(self, *args, **kwargs)
        self.maximum_batching_window = self.maximum_batching_window or WAIT_SECONDS

    SqsPoller.__init__ = initialize_for_long_polls
