namespace Wharf.Server.Hosting.Settings;

/// <summary>Finds what was probably meant by a name that does not exist.</summary>
internal static class Suggestion
{
    /// <summary><c>, did you mean X?</c>, or nothing when no name is near.</summary>
    public static string For(string typed, IEnumerable<string> names)
    {
        var best = names.Select(name => (Name: name, Distance: Distance(typed, name))).DefaultIfEmpty(("", int.MaxValue)).MinBy(n => n.Item2);
        return best.Item2 <= Math.Max(2, typed.Length / 3) ? $", did you mean {best.Item1}?" : "";
    }

    // The beginning of a long name is a near miss too: CreatPrivate for CreatePrivateRepoOnPush.
    private static int Distance(string typed, string name)
    {
        typed = typed.ToUpperInvariant()[..Math.Min(typed.Length, 64)];
        name = name.ToUpperInvariant();
        var whole = Edits(typed, name);
        return typed.Length >= 4 && name.Length > typed.Length + 1 ? Math.Min(whole, Edits(typed, name[..(typed.Length + 1)])) : whole;
    }

    // Optimal string alignment: insert, delete, replace, swap neighbours.
    private static int Edits(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
