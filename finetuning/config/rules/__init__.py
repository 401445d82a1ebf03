"""Rules between settings that types cannot express. Each yields every problem that it finds."""

from collections.abc import Callable, Iterator

from whetstone.finetuning.config.rules.arguments import (
    files_of_arguments,
    numbers,
    trl_arguments,
    words,
)
from whetstone.finetuning.config.rules.backend import (
    engines_are_installed,
    vllm_arguments_are_read,
    vllm_can_follow,
)
from whetstone.finetuning.config.rules.hooks import (
    custom_hooks_are_there,
    what_decides_is_measured,
)
from whetstone.finetuning.config.rules.model import (
    encoder_decoders_are_supervised,
    lengths_fit_context,
)
from whetstone.finetuning.config.rules.offline import (
    adapted_layers_are_trained,
    collecting_has_its_inputs,
    dpo_weighs_its_losses,
    every_k_is_measured,
    kto_compares_within_a_batch,
    kto_weights_have_one_source,
    mlp_head_has_no_adapter,
    only_adapters_are_quantized,
    scores_have_no_centre,
)
from whetstone.finetuning.config.rules.online import (
    buckets_fall,
    cycles_fit_checkpoints,
    groups_can_be_resampled,
    groups_fill_batches,
    half_precision_can_skip,
    kl_can_be_steered,
    online_needs_reward,
    reward_range_rises,
)
from whetstone.finetuning.config.rules.outside import (
    data_can_be_had,
    evaluation_window_chooses,
    files_exist,
    publishing_can_begin,
    run_name_is_a_folder,
    trackers_can_start,
)
from whetstone.finetuning.config.rules.rewards import (
    batches_are_for_collecting,
    custom_functions_can_be_called,
    models_of_rewards_are_there,
    packages_are_installed,
    rewards_count,
    teacher_has_its_key,
    verdicts_are_posted,
)
from whetstone.finetuning.config.rules.rows import (
    chat_has_a_template,
    data_is_chosen,
    data_serves_algorithm,
    measured_rows_are_right,
    prompts_need_no_tests,
    rows_are_right,
)
from whetstone.finetuning.config.schema import Config
from whetstone.finetuning.errors import Problem

Rule = Callable[[Config], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    trl_arguments,
    numbers,
    words,
    files_of_arguments,
    groups_fill_batches,
    cycles_fit_checkpoints,
    only_adapters_are_quantized,
    adapted_layers_are_trained,
    online_needs_reward,
    encoder_decoders_are_supervised,
    lengths_fit_context,
    data_is_chosen,
    chat_has_a_template,
    data_serves_algorithm,
    every_k_is_measured,
    run_name_is_a_folder,
    groups_can_be_resampled,
    buckets_fall,
    kl_can_be_steered,
    reward_range_rises,
    half_precision_can_skip,
    files_exist,
    data_can_be_had,
    evaluation_window_chooses,
    trackers_can_start,
    custom_hooks_are_there,
    what_decides_is_measured,
    custom_functions_can_be_called,
    models_of_rewards_are_there,
    packages_are_installed,
    rewards_count,
    rows_are_right,
    prompts_need_no_tests,
    measured_rows_are_right,
    mlp_head_has_no_adapter,
    scores_have_no_centre,
    dpo_weighs_its_losses,
    kto_weights_have_one_source,
    kto_compares_within_a_batch,
    collecting_has_its_inputs,
    teacher_has_its_key,
    batches_are_for_collecting,
    verdicts_are_posted,
    engines_are_installed,
    vllm_can_follow,
    vllm_arguments_are_read,
    publishing_can_begin,
)


def broken_rules(config: Config) -> list[Problem]:
    """Apply every rule."""
    return [problem for rule in RULES for problem in rule(config)]
