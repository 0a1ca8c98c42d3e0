"""Which of its files a request is about."""

from engines.requests import AssetFacts, ChangeImage, ContinueClip, LoraUse
from engines.tasks import TASKS

PICTURE, LORA, LAST = "a" * 32, "b" * 32, "c" * 32
FACTS = {
    PICTURE: AssetFacts(kind="image", mime="image/png", bytes=1, width=1000, height=1000),
    LORA: AssetFacts(kind="lora", mime="application/octet-stream", bytes=1),
}


def test_the_file_that_is_changed_comes_before_loras() -> None:
    change = ChangeImage(prompt="x", image=PICTURE, loras=(LoraUse(asset=LORA),), steps=10, strength=1)
    assert change.asset_ids() == (PICTURE, LORA)
    assert TASKS["change_image"].units(change, FACTS) == 10, "a megapixel, ten times"
    onward = ContinueClip(prompt="x", clip=PICTURE, last_image=LAST, loras=(LoraUse(asset=LORA),))
    assert onward.asset_ids() == (PICTURE, LAST, LORA)
