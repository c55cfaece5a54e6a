"""What validation counts: confusion matrices on the device, and mean IoU as a Keras metric."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from unet_explorer.training.store import VOID

Tensor = Any


def crop_to(labels: Tensor, logits: Tensor) -> Tensor:
    """The middle of the label maps where unpadded convolutions made the logits smaller."""
    height, width = logits.shape[1], logits.shape[2]
    if labels.shape[1] == height and labels.shape[2] == width:
        return labels
    top, left = (labels.shape[1] - height) // 2, (labels.shape[2] - width) // 2
    return labels[:, top : top + height, left : left + width]


def predicted_ids(logits: Tensor) -> Tensor:
    """The class of each pixel, int32: the highest logit, or with one channel 1 where it is above 0."""
    return ops.cast(logits[..., 0] > 0 if logits.shape[-1] == 1 else ops.argmax(logits, axis=-1), "int32")


def confusion_of_each(labels: Tensor, logits: Tensor) -> Tensor:
    """Confusion matrix of each picture of a batch, on the device.

    Args:
        labels: (N, H, W) int32 class ids; 255 counts nowhere.
        logits: (N, H, W, K), or probabilities; K = 1 is a binary network with logits, whose object is class 1.

    Returns:
        (N, K, K) float32 whole numbers, or (N, 2, 2) for a binary network; rows are labels, columns predictions.
    """
    labels = crop_to(labels, logits)
    classes = max(2, logits.shape[-1])
    ids = ops.arange(classes, dtype="int32")
    pixels = labels.shape[1] * labels.shape[2]
    rows = ops.reshape(ops.cast(ops.equal(labels[..., None], ids), "float32"), (-1, pixels, classes))
    columns = ops.reshape(ops.cast(ops.equal(predicted_ids(logits)[..., None], ids), "float32"), rows.shape)
    return ops.matmul(ops.transpose(rows, (0, 2, 1)), columns)


@keras.saving.register_keras_serializable("unet_explorer")
class SparseMeanIoU(keras.metrics.Metric):  # type: ignore[misc]  # Keras ships no types
    """Mean IoU from class ids and (N, H, W, K) scores; equals `keras.metrics.MeanIoU` on the argmax.

    Args:
        classes: K.
        ignore: label id that counts nowhere.
        name: of the metric.
    """

    def __init__(self, classes: int, ignore: int = VOID, name: str = "mean_iou", **options: Any) -> None:
        super().__init__(name=name, **options)
        self.classes = classes
        self.ignore = ignore
        self.confusion = self.add_variable((classes, classes), initializer="zeros", name="confusion", dtype="float32")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Count a batch: ids (N, H, W) or (N, H, W, 1), scores (N, H, W, K), weights broadcastable to the ids."""
        predicted = ops.argmax(y_pred, axis=-1)
        # Not by the shape of the predictions, whose batch is unknown while Keras compiles.
        labels = ops.cast(y_true[..., 0] if len(y_true.shape) > len(predicted.shape) else y_true, "int32")
        counted = ops.cast(ops.not_equal(labels, self.ignore), "float32")
        if sample_weight is not None:
            counted = counted * ops.cast(sample_weight, "float32")
        rows = ops.reshape(ops.one_hot(labels, self.classes) * counted[..., None], (-1, self.classes))
        columns = ops.reshape(ops.one_hot(predicted, self.classes), (-1, self.classes))
        self.confusion.assign_add(ops.matmul(ops.transpose(rows), columns))

    def result(self) -> Tensor:
        """Mean over the classes that occurred."""
        both = ops.diagonal(self.confusion)
        either = ops.sum(self.confusion, axis=0) + ops.sum(self.confusion, axis=1) - both
        present = ops.cast(either > 0, "float32")
        return ops.sum(ops.divide_no_nan(both, either)) / ops.maximum(ops.sum(present), 1.0)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make it again."""
        return {**super().get_config(), "classes": self.classes, "ignore": self.ignore}
