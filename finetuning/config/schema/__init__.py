"""The frozen schema of a run: names, types and meaning of every setting.

No field has a default here: each value has one home, a YAML in conf/. Unknown keys are errors,
also inside experiment files, where plain Hydra would accept them.
"""

from finetuning.config.schema.algo import (
    AlgoConfig,
    SftConfig,
)
from finetuning.config.schema.algo_online import (
    CurriculumConfig,
    DynamicSamplingConfig,
    GroupConfig,
    GrpoConfig,
    KLConfig,
    OnlineConfig,
    PpoConfig,
    RfaiConfig,
    RlooConfig,
)
from finetuning.config.schema.collect import (
    BaseCollect,
    CollectConfig,
    DemonstrationsCollect,
    LabelsCollect,
    PairsCollect,
)
from finetuning.config.schema.config import (
    Config,
)
from finetuning.config.schema.data import (
    AutoData,
    DataConfig,
    HubData,
    HumanEvalData,
    JsonlData,
    MbppData,
    NanoData,
    NanoToolsData,
    PromptsData,
    TextData,
)
from finetuning.config.schema.hooks import (
    BestConfig,
    EarlyStopConfig,
    EvaluateConfig,
    ExportConfig,
    HooksConfig,
    MergeConfig,
    SystemHookConfig,
    UnjudgedConfig,
    WatchConfig,
)
from finetuning.config.schema.model import (
    LoraConfig,
    ModelConfig,
)
from finetuning.config.schema.offline import (
    DpoConfig,
    KtoConfig,
    PretrainConfig,
    RewardModelConfig,
)
from finetuning.config.schema.pipeline import (
    PipelineConfig,
    StageConfig,
)
from finetuning.config.schema.run import (
    BackendConfig,
    DeviceConfig,
    ParityConfig,
    RunConfig,
    TensorboardConfig,
    TrackerConfig,
    WandbConfig,
)
from finetuning.config.schema.section import (
    Section,
)

__all__ = [
    "AlgoConfig",
    "AutoData",
    "BackendConfig",
    "BaseCollect",
    "BestConfig",
    "CollectConfig",
    "Config",
    "CurriculumConfig",
    "DataConfig",
    "DemonstrationsCollect",
    "DeviceConfig",
    "DpoConfig",
    "DynamicSamplingConfig",
    "EarlyStopConfig",
    "EvaluateConfig",
    "ExportConfig",
    "GroupConfig",
    "GrpoConfig",
    "HooksConfig",
    "HubData",
    "HumanEvalData",
    "JsonlData",
    "KLConfig",
    "KtoConfig",
    "LabelsCollect",
    "LoraConfig",
    "MbppData",
    "MergeConfig",
    "ModelConfig",
    "NanoData",
    "NanoToolsData",
    "OnlineConfig",
    "PairsCollect",
    "ParityConfig",
    "PipelineConfig",
    "PpoConfig",
    "PretrainConfig",
    "PromptsData",
    "RewardModelConfig",
    "RfaiConfig",
    "RlooConfig",
    "RunConfig",
    "Section",
    "SftConfig",
    "StageConfig",
    "SystemHookConfig",
    "TensorboardConfig",
    "TextData",
    "TrackerConfig",
    "UnjudgedConfig",
    "WandbConfig",
    "WatchConfig",
]
