"""What a scan refuses, and that it refuses nothing an exporter writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorflow.core.protobuf import saved_model_pb2

from tests.zoo import MAKERS
from tests.zoo_fixtures import Zoo
from unet_explorer.network.scan import refusal, scan_saved_model


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_an_exporter_writes_is_refused(name: str, zoo: Zoo) -> None:
    report = scan_saved_model(zoo(name))
    assert report.refused == ()
    assert report.ops > 5


@pytest.mark.parametrize(
    ("name", "op"),
    [
        *(("writes_file", "WriteFile"), ("reads_file", "ReadFile"), ("calls_python", "PyFunc")),
        *(("restores_elsewhere", "RestoreV2"), ("unknown_op", "MyxPool")),
    ],
)
def test_the_op_and_its_function_are_named(name: str, op: str, zoo: Zoo) -> None:
    (refused,) = scan_saved_model(zoo(name)).refused
    assert refused.op == op
    assert refused.place


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        *((op, "touches files") for op in ("ReadFile", "WriteFile", "MatchingFiles", "SaveV2", "RestoreV2", "PrintV2")),
        *((op, "touches files") for op in ("TextLineDataset", "ImmutableConst", "WholeFileReaderV2", "DecodeProtoV2")),
        *((op, "touches files") for op in ("InitializeTableFromTextFileV2", "CreateSummaryFileWriter", "LMDBDataset")),
        *((op, "runs Python") for op in ("PyFunc", "PyFuncStateless", "EagerPyFunc")),
        *((op, "talks to other machines") for op in ("Send", "Recv", "CollectiveReduceV2", "DebugIdentityV2")),
        ("Abort", "reaches out of the graph"),
        ("Barrier", "keeps state outside of the graph"),
        ("NotAnOp", "an op that TensorFlow does not know"),
        *((op, "") for op in ("Conv2D", "StatefulPartitionedCall", "VarHandleOp", "ReadVariableOp", "RandomUniform")),
        *((op, "") for op in ("StaticRegexFullMatch", "StringJoin", "If", "While", "Assert", "ResizeBilinear")),
    ],
)
def test_ops_are_refused_for_what_they_can_do(op: str, reason: str) -> None:
    assert refusal(op) == reason


def read(folder: Path) -> saved_model_pb2.SavedModel:
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((folder / "saved_model.pb").read_bytes())
    return model


def write(model: saved_model_pb2.SavedModel, folder: Path) -> Path:
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    return folder


def saver_function(model: saved_model_pb2.SavedModel, word: str):  # type: ignore[no-untyped-def]
    functions = model.meta_graphs[0].graph_def.library.function
    return next(function for function in functions if word in function.signature.name)


def test_saving_while_restoring_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    """The restore function runs at loading; a SaveV2 in it would write a file."""
    model = read(zoo("module"))
    saver_function(model, "traced_restore").node_def.add(name="evil", op="SaveV2")
    assert [each.op for each in scan_saved_model(write(model, tmp_path)).refused] == ["SaveV2"]


def test_another_file_op_in_the_savers_function_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    model = read(zoo("module"))
    saver_function(model, "traced_save").node_def.add(name="evil", op="ReadFile")
    assert [each.op for each in scan_saved_model(write(model, tmp_path)).refused] == ["ReadFile"]


def test_calling_the_savers_function_from_the_network_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    model = read(zoo("module"))
    save = saver_function(model, "traced_save").signature.name
    node = saver_function(model, "scores").node_def.add(name="evil", op="StatefulPartitionedCall")
    node.attr["f"].func.name = save
    assert {each.op for each in scan_saved_model(write(model, tmp_path)).refused} >= {"SaveV2", "MergeV2Checkpoints"}


def test_a_function_named_like_a_file_op_does_not_hide_it(zoo: Zoo, tmp_path: Path) -> None:
    model = read(zoo("module"))
    model.meta_graphs[0].graph_def.library.function.add().signature.name = "WriteFile"
    saver_function(model, "scores").node_def.add(name="evil", op="WriteFile")
    assert [each.op for each in scan_saved_model(write(model, tmp_path)).refused] == ["WriteFile"]


def test_ops_of_the_main_graph_are_read(zoo: Zoo, tmp_path: Path) -> None:
    model = read(zoo("module"))
    model.meta_graphs[0].graph_def.node.add(name="evil", op="EagerPyFunc")
    (refused,) = scan_saved_model(write(model, tmp_path)).refused
    assert (refused.op, refused.place) == ("EagerPyFunc", "")
