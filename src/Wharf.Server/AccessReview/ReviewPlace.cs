using System.Globalization;

namespace Wharf.Server.AccessReview;

/// <summary>Where a review goes on: behind this row.</summary>
/// <param name="Part">Which of the queries of <see cref="ReviewStore"/>, in their order.</param>
internal readonly record struct ReviewPlace(int Part, long NamespaceId, long RepositoryId, long TeamId, long AccountId)
{
    public static bool TryParse(string text, out ReviewPlace place)
    {
        place = default;
        Span<Range> ranges = stackalloc Range[6];
        if (text.AsSpan().Split(ranges, '.') != 5)
            return false;
        Span<long> numbers = stackalloc long[5];
        for (var i = 0; i < numbers.Length; i++)
            if (!long.TryParse(text.AsSpan(ranges[i]), NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return false;
        if (numbers[0] >= ReviewStore.Parts)
            return false;
        place = new((int)numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Part}.{NamespaceId}.{RepositoryId}.{TeamId}.{AccountId}");
}
