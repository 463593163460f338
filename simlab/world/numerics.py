"""Elementary functions of our own: the same bits on every processor.

The C library and vector libraries differ in the last bit between machines, and one
different bit can flip a draw. These use only +, -, *, / and sqrt (exact by IEEE 754).
Relative error of exp and log is below 4e-16.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from simlab.world.compiled import hot_rule, rule

_LN2_HI = 6.93147180369123816490e-01
_LN2_LO = 1.90821492927058770002e-10
_INV_LN2 = 1.44269504088896338700
_SQRT_HALF = 0.7071067811865476
_MANTISSA = np.int64(0x000FFFFFFFFFFFFF)
_HALF_EXPONENT = np.int64(0x3FE0000000000000)


@hot_rule
def exp(x):
    """e to the x, for x in [-700, 700]; clipped outside (0 and about 1e304)."""
    if x < -700.0:
        return 0.0
    x = min(x, 700.0)
    k = np.int64(x * _INV_LN2 + (0.5 if x >= 0.0 else -0.5))
    hi = x - k * _LN2_HI
    lo = k * _LN2_LO
    r = hi - lo
    # Remez form of r*(e^r+1)/(e^r-1), as in FreeBSD's msun (Sun Microsystems, 1993)
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t
            * (
                6.61375632143793436117e-05
                + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08)
            )
        )
    )
    y = 1.0 + (r * c / (2.0 - c) - lo + hi)
    return y * np.int64((k + np.int64(1023)) << np.int64(52)).view(np.float64)


@hot_rule
def log(x):
    """Natural logarithm of a positive, normal double."""
    bits = np.float64(x).view(np.int64)
    k = (bits >> np.int64(52)) - np.int64(1022)
    m = np.int64((bits & _MANTISSA) | _HALF_EXPONENT).view(np.float64)  # in [0.5, 1)
    if m < _SQRT_HALF:
        m += m
        k -= 1
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    t2 = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half = 0.5 * f * f
    return k * _LN2_HI - ((half - (s * (half + t1 + t2) + k * _LN2_LO)) - f)


@hot_rule
def power(x, a):
    """x to the a for x >= 0; 0 ** 0 is 1."""
    if a == 0.0:
        return 1.0
    if x <= 0.0:
        return 0.0
    return exp(a * log(x))


@hot_rule
def one_minus_exp(x):
    """1 - exp(-x) without cancellation for small x >= 0."""
    if x < 0.03:
        return x * (1.0 - x * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x * (1.0 / 120.0 - x / 720.0)))))
    return 1.0 - exp(-x)


@hot_rule
def log_gamma(a):
    """log of the gamma function for a > 0 (Lanczos, g = 7, n = 9)."""
    if a < 0.5:
        return log_gamma(a + 1.0) - log(a)
    x = a - 1.0
    total = 0.99999999999980993
    total += 676.5203681218851 / (x + 1.0) - 1259.1392167224028 / (x + 2.0)
    total += 771.32342877765313 / (x + 3.0) - 176.61502916214059 / (x + 4.0)
    total += 12.507343278686905 / (x + 5.0) - 0.13857109526572012 / (x + 6.0)
    total += 9.9843695780195716e-6 / (x + 7.0) + 1.5056327351493116e-7 / (x + 8.0)
    t = x + 7.5
    return 0.91893853320467274178 + (x + 0.5) * log(t) - t + log(total)


@hot_rule
def gamma_tails(a, x):
    """Regularised incomplete gamma functions (P, Q) with P + Q = 1; each accurate where it is small."""
    if x <= 0.0:
        return 0.0, 1.0
    front = exp(a * log(x) - x - log_gamma(a))
    if x < a + 1.0:
        term = 1.0 / a
        total = term
        n = a
        while term > total * 1e-17:
            n += 1.0
            term *= x / n
            total += term
        p = front * total
        return p, 1.0 - p
    b = x + 1.0 - a
    c = 1e300
    d = 1.0 / b
    h = d
    for i in range(1, 1000):
        an = -i * (i - a)
        b += 2.0
        d = an * d + b
        d = 1e-300 if abs(d) < 1e-300 else d
        c = b + an / c
        c = 1e-300 if abs(c) < 1e-300 else c
        d = 1.0 / d
        step = d * c
        h *= step
        if abs(step - 1.0) < 1e-16:
            break
    q = front * h
    return 1.0 - q, q


@hot_rule
def normal_tail(z):
    """P(Z > z) for a standard normal Z."""
    p, q = gamma_tails(0.5, 0.5 * z * z)
    return 0.5 * q if z >= 0.0 else 0.5 + 0.5 * p


@hot_rule
def normal_quantile(u):
    """Inverse of the standard normal distribution (Wichura 1988, AS 241), about 1e-16."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        num = (
            (
                (
                    (
                        (
                            (2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r
                            + 6.7265770927008700853e4
                        )
                        * r
                        + 4.5921953931549871457e4
                    )
                    * r
                    + 1.3731693765509461125e4
                )
                * r
                + 1.9715909503065514427e3
            )
            * r
            + 1.3314166789178437745e2
        ) * r + 3.3871328727963666080e0
        den = (
            (
                (
                    (
                        (
                            (5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r
                            + 3.9307895800092710610e4
                        )
                        * r
                        + 2.1213794301586595867e4
                    )
                    * r
                    + 5.3941960214247511077e3
                )
                * r
                + 6.8718700749205790830e2
            )
            * r
            + 4.2313330701600911252e1
        ) * r + 1.0
        return q * num / den
    r = u if q < 0.0 else 1.0 - u
    r = np.sqrt(-log(r))
    if r <= 5.0:
        r -= 1.6
        num = (
            (
                (
                    (
                        (
                            (7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
                            + 2.41780725177450611770e-1
                        )
                        * r
                        + 1.27045825245236838258e0
                    )
                    * r
                    + 3.64784832476320460504e0
                )
                * r
                + 5.76949722146069140550e0
            )
            * r
            + 4.63033784615654529590e0
        ) * r + 1.42343711074968357734e0
        den = (
            (
                (
                    (
                        (
                            (1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
                            + 1.51986665636164571966e-2
                        )
                        * r
                        + 1.48103976427480074590e-1
                    )
                    * r
                    + 6.89767334985100004550e-1
                )
                * r
                + 1.67638483018380384940e0
            )
            * r
            + 2.05319162663775882187e0
        ) * r + 1.0
    else:
        r -= 5.0
        num = (
            (
                (
                    (
                        (
                            (2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
                            + 1.24266094738807843860e-3
                        )
                        * r
                        + 2.65321895265761230930e-2
                    )
                    * r
                    + 2.96560571828504891230e-1
                )
                * r
                + 1.78482653991729133580e0
            )
            * r
            + 5.46378491116411436990e0
        ) * r + 6.65790464350110377720e0
        den = (
            (
                (
                    (
                        (
                            (2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
                            + 1.84631831751005468180e-5
                        )
                        * r
                        + 7.86869131145613259100e-4
                    )
                    * r
                    + 1.48753612908506148525e-2
                )
                * r
                + 1.36929880922735805310e-1
            )
            * r
            + 5.99832206555887937690e-1
        ) * r + 1.0
    x = num / den
    return -x if q < 0.0 else x


@hot_rule
def gamma_quantile(a, z):
    """Quantile of Gamma(a, 1) at the probability of the normal score z, by safeguarded Newton in log x."""
    lower = z <= 0.0
    target = normal_tail(abs(z))
    c = 1.0 / (9.0 * a)
    guess = 1.0 - c + z * np.sqrt(c)
    if a > 0.6 and guess > 0.2:
        y = log(a * guess * guess * guess)  # Wilson & Hilferty 1931
    else:
        y = (log(target if lower else 1.0 - target) + log_gamma(a + 1.0)) / a  # x small: P ~ x^a / Gamma(a+1)
    low, high = -700.0, 8.0 + log(a + 50.0)
    y = min(max(y, low + 1e-9), high - 1e-9)
    norm = log_gamma(a)
    for _ in range(200):
        p, q = gamma_tails(a, exp(y))
        tail = p if lower else q
        if tail == target:
            break
        above = tail > target if lower else tail < target
        if above:
            high = y
        else:
            low = y
        slope = exp(a * y - exp(y) - norm)  # dP / d log x
        step = 0.0
        if tail > 0.0 and slope > 0.0:  # Newton on log(tail), which is nearly linear in log x in the tails
            step = (log(target) - log(tail)) * tail / slope
            step = step if lower else -step
        new = y + step
        if step == 0.0 or not (low < new < high):
            new = 0.5 * (low + high)
        if abs(new - y) < 1e-14 * (1.0 + abs(y)):
            y = new
            break
        y = new
    return exp(y)


GRID_LIMIT = 8.5
GRID_SIZE = 1025


@rule
def gamma_table(a):
    """log quantiles of Gamma(a, 1) on GRID_SIZE normal scores in +-GRID_LIMIT, for `gamma_lookup`."""
    table = np.empty(GRID_SIZE, np.float64)
    for i in range(GRID_SIZE):
        z = -GRID_LIMIT + 2.0 * GRID_LIMIT * i / (GRID_SIZE - 1)
        table[i] = log(gamma_quantile(a, z))
    return table


@cache
def gamma_quantiles(a: float) -> NDArray[np.float64]:
    """`gamma_table`, made once per shape and never written."""
    table: NDArray[np.float64] = gamma_table(a)
    return table


@hot_rule
def gamma_lookup(table, z):
    """Quantile of Gamma(a, 1) at normal score z by cubic interpolation of `gamma_table` (about 2.5e-8 / a)."""
    t = (z + GRID_LIMIT) * ((GRID_SIZE - 1) / (2.0 * GRID_LIMIT))
    t = min(max(t, 0.0), GRID_SIZE - 1.000001)
    i = min(max(np.int64(t), 1), GRID_SIZE - 3)
    t -= i
    a, b, c, d = table[i - 1], table[i], table[i + 1], table[i + 2]
    y = b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    return exp(y)
