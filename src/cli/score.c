/* SPDX-License-Identifier: Apache-2.0 */
#include "score.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- exact bounds --------------------------------------------------------------------------------------------------- */

/*
 * The continued fraction of the incomplete beta function (Abramowitz & Stegun 1964, 26.5.8), from front to back by the
 * method of Lentz (1976) as modified by Thompson & Barnett (1986): a zero on the way becomes `tiny`. It converges fast for
 * x < (a + 1) / (a + b + 2), in some √max(a, b) steps; the loop's end is for counts that no bench has.
 */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 0, value = 1;
    for (int step = 0; step < 10000; step++) {
        int pair = step / 2;
        double m = pair;
        double term;
        if (step == 0)
            term = 1;
        else if (step % 2 == 0)
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        else
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + term * d;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = 1 + term / c;
        c = fabs(c) < tiny ? tiny : c;
        value *= c * d;
        if (step > 0 && fabs(c * d - 1) < 1e-15)
            break;
    }
    return value - 1;
}

double score_beta(double a, double b, double x)
{
    assert(a > 0 && b > 0);
    assert(x >= 0 && x <= 1);
    if (x <= 0 || x >= 1)
        return x;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* Where I_x(a, b) reaches @p p. It grows with x, so halving finds it; 60 halvings are past the last digit. */
static double beta_quantile(double a, double b, double p)
{
    double low = 0, high = 1;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (score_beta(a, b, middle) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* P(X >= hits | x) is I_x(hits, of - hits + 1), so bounds on a proportion are quantiles of beta distributions. */
static double upper(struct score_part part, double tail)
{
    return part.hits == part.of ? 1 : beta_quantile(part.hits + 1.0, (double)part.of - part.hits, 1 - tail);
}

static double lower(struct score_part part, double tail)
{
    return part.hits == 0 ? 0 : beta_quantile(part.hits, (double)part.of - part.hits + 1, tail);
}

struct score_interval score_exact(struct score_part part)
{
    assert(part.hits <= part.of);
    return (struct score_interval){lower(part, 0.025), upper(part, 0.025)};
}

double score_at_most(struct score_part part)
{
    assert(part.hits <= part.of);
    return upper(part, 0.05);
}

double score_rate(struct score_part part)
{
    return part.of ? (double)part.hits / part.of : NAN;
}

/* ---- scores --------------------------------------------------------------------------------------------------------- */

static void count(struct score_part *part, bool hit)
{
    part->hits += hit;
    part->of++;
}

static uint32_t bits_of(uint64_t set)
{
    return (uint32_t)__builtin_popcountll(set);
}

int score_bin_of(double probability)
{
    int bin = (int)(probability * SCORE_BINS);
    return bin < 0 ? 0 : bin >= SCORE_BINS ? SCORE_BINS - 1 : bin;
}

static void count_level(const struct score_expected *expected, const struct score_said *said, struct score *out)
{
    bool right = said->level == expected->level;
    count(&out->level, right);
    count(&out->at_level[expected->level], right);
    count(&out->safe, said->level >= expected->level);
    if (!right)
        count(&out->over, said->level > expected->level);
    if (expected->level == SCORE_LEVELS - 1)
        count(&out->missed, !right);
}

static void count_causes(const struct score_expected *expected, const struct score_said *said, struct score *out)
{
    int first = said->top[0];
    bool right = first == expected->first;
    bool among_three = false;
    for (int i = 0; i < 3; i++)
        among_three |= said->top[i] == expected->first;
    count(&out->first, right);
    count(&out->first_or_acceptable, right || (first >= 0 && (expected->acceptable >> first & 1)));
    count(&out->first_three, among_three);

    out->contributors.hits += bits_of(expected->contributors & said->contributors);
    out->contributors.of += bits_of(expected->contributors);
}

/* Brier 1950, in its original form over all classes: 0 is perfect, 2 is certain of the wrong cause. */
static double brier(const struct score_expected *expected, const struct score_said *said)
{
    double sum = 0;
    for (int c = 0; c < SCORE_CAUSES; c++) {
        double off = said->p[c] - (c == expected->first);
        sum += off * off;
    }
    return sum;
}

/* The share of the systems that answered whose level is right: high is easy. NaN when none answered. */
static double item_difficulty(const struct score_expected *expected, const struct score_said *row,
                              uint32_t system_count)
{
    struct score_part right = {0};
    for (uint32_t s = 0; s < system_count; s++) {
        if (row[s].answered)
            count(&right, row[s].level == expected->level);
    }
    return score_rate(right);
}

void score_system(const struct score_expected *expected, const struct score_said *said, uint32_t case_count,
                  uint32_t system_count, uint32_t system, struct score *out)
{
    assert(system < system_count);
    memset(out, 0, sizeof *out);
    double brier_sum = 0, merit = 0, predicted[SCORE_BINS] = {0};
    for (uint32_t i = 0; i < case_count; i++) {
        const struct score_said *row = &said[(size_t)i * system_count];
        const struct score_said *mine = &row[system];
        count(&out->answered, mine->answered);
        if (!mine->answered)
            continue;
        assert(expected[i].level >= 0 && expected[i].level < SCORE_LEVELS);
        count_level(&expected[i], mine, out);
        count_causes(&expected[i], mine, out);
        brier_sum += brier(&expected[i], mine);

        double difficulty = item_difficulty(&expected[i], row, system_count);
        merit += mine->level == expected[i].level ? 1 - difficulty : -difficulty;

        if (mine->top[0] >= 0) {
            double p = mine->p[mine->top[0]];
            int bin = score_bin_of(p);
            predicted[bin] += p;
            count(&out->bins[bin].correct, mine->top[0] == expected[i].first);
        }
    }
    double answered = out->answered.hits;
    out->brier = answered > 0 ? brier_sum / answered : NAN;
    out->capability = answered > 0 ? 100 * (merit / answered + 1) / 2 : NAN;
    for (int bin = 0; bin < SCORE_BINS; bin++)
        out->bins[bin].mean_predicted = out->bins[bin].correct.of ? predicted[bin] / out->bins[bin].correct.of : NAN;
}
