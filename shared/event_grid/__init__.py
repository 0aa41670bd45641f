"""Azure Event Grid: a topic that hands events on to its subscribers."""

from shared.event_grid.topic import EventGridTopic, topic_of

__all__ = ["EventGridTopic", "topic_of"]
