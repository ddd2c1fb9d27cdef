namespace Wharf.Server.Auth;

/// <summary>Scopes as Quay writes them: <c>repo:read user:admin</c>.</summary>
internal static class ScopeText
{
    /// <summary>No text with every scope in it is longer.</summary>
    public const int MaxLength = 255;

    private static readonly (Scopes Scope, string Name)[] s_names =
    [
        (Scopes.OrgAdmin, "org:admin"), (Scopes.RepoAdmin, "repo:admin"), (Scopes.RepoCreate, "repo:create"), (Scopes.RepoRead, "repo:read"), (Scopes.RepoWrite, "repo:write"),
        (Scopes.SuperUser, "super:user"), (Scopes.UserAdmin, "user:admin"), (Scopes.UserRead, "user:read"),
    ];

    /// <summary>The scopes of a text, with spaces or commas between them; null when there is none in it, or one that does not exist.</summary>
    public static Scopes? Parse(string? text)
    {
        if (text is null or { Length: > MaxLength })
            return null;
        var scopes = Scopes.None;
        foreach (var word in text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            if (Array.Find(s_names, n => n.Name == word) is not { Name: not null } known)
                return null;
            scopes |= known.Scope;
        }
        return scopes == Scopes.None ? null : scopes;
    }

    /// <summary>In the order of the alphabet.</summary>
    public static string Format(Scopes scopes) => string.Join(' ', Names(scopes));

    public static IEnumerable<string> Names(Scopes scopes) => s_names.Where(n => scopes.HasFlag(n.Scope)).Select(static n => n.Name);

    /// <summary>With what they include: who administers repositories writes to them, and who writes reads.</summary>
    public static Scopes WithImplied(Scopes scopes)
    {
        if (scopes.HasFlag(Scopes.RepoAdmin))
            scopes |= Scopes.RepoWrite;
        if (scopes.HasFlag(Scopes.RepoWrite))
            scopes |= Scopes.RepoRead;
        // Who changes an account has read it.
        return scopes.HasFlag(Scopes.UserAdmin) ? scopes | Scopes.UserRead : scopes;
    }
}
