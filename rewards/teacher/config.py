"""The entry of `reward=teacher` in the table of rewards: its settings, and how it is built.

Apart from the settings, which all rooms of the teacher know, so that none has to know this one.
"""

from typing import TYPE_CHECKING

from whetstone.rewards.teacher.keys import key_of
from whetstone.rewards.teacher.settings import TeacherSettings

if TYPE_CHECKING:
    from whetstone.rewards.teacher.reward import TeacherReward


class TeacherConfig(TeacherSettings):
    """A language model that grades: `TeacherReward`."""

    def has_key(self) -> bool:
        """Tell whether the environment holds the key, or none is needed."""
        return self.api_key_env is None or bool(key_of(self.api_key_env))

    def build(self) -> "TeacherReward":
        """Make the reward, and see whether the teacher is there.

        Raises:
            ValueError: no key, or the endpoint says no to the key or the model.
            TeacherUnavailableError: the endpoint does not answer.

        """
        from whetstone.rewards.teacher.reward import TeacherReward  # noqa: PLC0415 - an event loop's parts

        reward = TeacherReward(self)
        if self.probe:
            reward.probe()
        return reward
