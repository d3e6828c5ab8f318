"""Whether a row of measurements goes up: the slope of Theil and Sen, with its bounds by Kendall's variance."""
import math

Z = 2.576  # of a confidence of 99 %


def trend(times, values):
    """The median of the slopes between all pairs, and the bounds between which the true one lies with 99 %."""
    slopes = sorted((values[j] - values[i]) / (times[j] - times[i])
                    for i in range(len(times)) for j in range(i + 1, len(times)))
    n, count = len(times), len(slopes)
    ties = {}
    for value in values:
        ties[value] = ties.get(value, 0) + 1
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties.values())) / 18
    reach = Z * math.sqrt(max(0.0, variance))
    low = max(0, int((count - reach) / 2) - 1)
    high = min(count - 1, int(math.ceil((count + reach) / 2)))
    middle = slopes[count // 2] if count % 2 else (slopes[count // 2 - 1] + slopes[count // 2]) / 2
    return middle, slopes[low], slopes[high]
