"""The parts of coverage: groups, numbers that stay, what is covered, and the figures beside known ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headrace.curate.coverage.clustering import Clusters, cluster
from headrace.curate.coverage.labels import label_topics
from headrace.curate.coverage.matching import Former, far_from_all, number_topics
from headrace.curate.coverage.measuring import (
    cover,
    radius_of,
    raw_score,
    shrunk,
    traffic_score,
    unseen_mass,
    wilson,
)


def around(*centres: int, each: int = 12, seed: int = 1, dimension: int = 16) -> NDArray[Any]:
    """Unit vectors around some axes."""
    chance = np.random.default_rng(seed)
    points = np.repeat(np.eye(dimension)[list(centres)], each, axis=0)
    points = points + chance.normal(0, 0.12, points.shape)
    unit: NDArray[Any] = points / np.linalg.norm(points, axis=1, keepdims=True)
    return unit.astype(np.float32)


def test_groups_are_found_and_are_the_same_each_time() -> None:
    vectors = around(0, 3, 5, 9)
    found = cluster(vectors)
    groups = {tuple(sorted(set(found.member_of[start : start + 12]))) for start in range(0, 48, 12)}
    assert len(groups) >= 4
    assert all(not set(one) & set(two) for one in groups for two in groups if one != two)
    assert (cluster(vectors).centroids == found.centroids).all()
    assert len(cluster(vectors, topics=4).centroids) == 4
    assert cluster(vectors, topics=4).silhouette > 0.5


def test_few_vectors_are_one_group() -> None:
    vectors = around(0, 3, each=1)
    assert len(cluster(vectors).centroids) == 1
    assert len(cluster(around(0, each=1), topics=9).centroids) == 1
    assert len(cluster(np.repeat(around(2, each=1), 6, axis=0)).centroids) == 1


def test_topics_keep_their_number_and_new_ones_get_the_next() -> None:
    first = cluster(around(0, 3, 5), topics=3)
    numbers = number_topics(first.centroids, None, highest=7)
    assert sorted(numbers) == [8, 9, 10]
    former = Former(numbers, [1 / 3] * 3, first.centroids, radius_of(around(0, 3, 5), first).own)
    grown = around(0, 3, 5, 9, seed=2)
    second = cluster(grown, topics=4, start=first.centroids)
    again = number_topics(second.centroids, former, highest=10)
    assert sorted(again) == [8, 9, 10, 11]
    for place, number in enumerate(again):
        if number != 11:
            assert second.centroids[place] @ first.centroids[numbers.index(number)] > 0.8
    assert 9 <= far_from_all(grown, former) <= 16  # the twelve around the new axis, and a few


def test_a_topic_is_covered_by_a_case_in_it_and_not_by_one_that_is_far() -> None:
    vectors = around(0, 3, 5)
    clusters = cluster(vectors, topics=3)
    radius = radius_of(vectors, clusters)
    cases = np.vstack([around(3, each=1, seed=5), around(12, each=1, seed=6)])
    found = cover(vectors, clusters, cases, radius=radius, needed=1)
    (topic,) = set(clusters.member_of[12:24].tolist())
    assert found.covered.tolist() == [place == topic for place in range(3)]
    assert found.topic_of.tolist() == [topic, -1]
    assert found.cases.sum() == 1
    more = cover(vectors, clusters, cases, radius=radius, needed=3)
    assert not more.covered[[place for place in range(3) if place != topic]].any()
    none = cover(vectors, clusters, cases[:0], radius=radius, needed=1)
    assert not none.covered.any()
    assert not none.near.any()


def test_shares_and_their_intervals() -> None:
    # Newcombe (1998), table I: 81 of 263 is 0.2553 to 0.3662.
    share = wilson(81, 263)
    assert (share.low, share.high) == (0.2553, 0.3662)
    assert wilson(0, 0).high == 1.0
    assert wilson(0, 20).low == 0.0


def test_unseen_mass_is_the_share_of_what_is_like_nothing() -> None:
    vectors = np.vstack([around(0, 3), around(7, each=1), around(9, each=1)])
    assert unseen_mass(vectors, neighbour=0.6).value == pytest.approx(2 / 26, abs=1e-3)


def test_the_score_by_traffic_weighs_each_topic_by_its_share() -> None:
    shares = {1: 0.8, 2: 0.1, 3: 0.1}
    scores = {1: [0.0, 0.5], 2: [1.0, 1.0, 1.0, 1.0], 4: [1.0]}
    raw = raw_score([value for given in scores.values() for value in given])
    weighed = traffic_score(shares, scores)
    assert raw is not None
    assert weighed is not None
    assert raw.value == pytest.approx(5.5 / 7, abs=1e-3)
    expected = (0.8 * 0.25 + 0.1 * 1.0) / 0.9
    spread = 1.96 * math.sqrt((0.8 / 0.9) ** 2 * 0.125 / 2)
    assert weighed.value == pytest.approx(expected, abs=1e-3)
    assert weighed.high - weighed.value == pytest.approx(spread, abs=1e-2)
    assert traffic_score(shares, {}) is None
    assert raw_score([]) is None


def test_a_fail_rate_of_few_questions_stays_near_that_of_all() -> None:
    assert shrunk(1, 1, 0.1) == pytest.approx(0.25)
    assert shrunk(50, 100, 0.1) == pytest.approx(0.481, abs=1e-3)


def test_labels_set_topics_apart_and_repeat_no_single_user() -> None:
    labels = label_topics(
        {
            1: ["How do I cancel my order?", "cancel the order please", "Can I cancel? asks Zanzibar"],
            2: ["Where is my order?", "track an order", "track my parcel"],
        }
    )
    assert labels[1].startswith("cancel")
    assert labels[2].startswith("track")
    assert "zanzibar" not in labels[1]
    assert label_topics({1: ["to be or not"]}) == {1: "(no word in common)"}


def test_clusters_say_how_well_they_fit() -> None:
    tight, loose = around(0, 3), around(0, 3, seed=3)
    assert isinstance(cluster(tight, topics=2), Clusters)
    assert cluster(tight, topics=2).silhouette > cluster(loose, topics=9).silhouette
