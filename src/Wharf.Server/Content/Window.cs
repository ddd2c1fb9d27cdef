using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>How far back a namespace can be seen and had back, by the database's clock.</summary>
internal readonly record struct Window(Moment Now, long Seconds)
{
    public Moment Begin => new(Now.Ms - Seconds * 1000);

    /// <summary>Whether the time lies in it.</summary>
    public bool Has(Moment at) => at.Ms >= Begin.Ms && at.Ms <= Now.Ms;

    /// <summary>Sets how far back a namespace goes. Where that becomes less, what was to be looked at by the former window is looked at anew.</summary>
    public static async ValueTask SetAsync(Tx tx, long namespaceId, long seconds)
    {
        await Reviews.AddAsync(tx, "SELECT 'namespace', @ns, 0, @none, now_ms() FROM namespace WHERE id = @ns AND tag_expiration_s > @seconds",
            ("ns", namespaceId), ("none", Array.Empty<byte>()), ("seconds", seconds));
        await tx.ExecuteAsync("UPDATE namespace SET tag_expiration_s = @seconds WHERE id = @ns", ("ns", namespaceId), ("seconds", seconds));
    }

    /// <summary>Has a namespace that was deleted in this transaction looked at when it cannot be restored any more.</summary>
    public static ValueTask<int> CloseAsync(Tx tx, long namespaceId) => Reviews.AddAsync(tx, $"SELECT 'namespace', @ns, 0, @none, {Reviews.AfterWindow}",
        ("ns", namespaceId), ("none", Array.Empty<byte>()));

    /// <summary>The same for a repository.</summary>
    public static ValueTask<int> CloseAsync(Tx tx, long namespaceId, long repositoryId) => Reviews.AddAsync(tx, $"SELECT 'repository', @ns, @repo, @none, {Reviews.AfterWindow}",
        ("ns", namespaceId), ("repo", repositoryId), ("none", Array.Empty<byte>()));

    /// <summary>Why a time does not lie in it, for a person.</summary>
    public string WhyNot(Moment at) => at.Ms > Now.Ms
        ? $"{at} has not come yet; here it is {Now}."
        : $"{at} is too long ago: this namespace keeps what changes for {Seconds} s (tag_expiration_s), so the earliest time is {Begin}.";
}
