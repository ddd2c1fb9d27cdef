using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.QuayApi;
using Wharf.Server.Security;

namespace Wharf.Server.Tags;

/// <summary>Tags and their history, as in Quay (docs/tags.md). What changes is <see cref="ContentStore"/>'s.</summary>
internal static class TagsApi
{
    private const int PageSize = 50;
    private const int MaxPageSize = 100;

    /// <summary>The last second of the year 9999, after which no client can write a date.</summary>
    private const double MaxSeconds = 253_402_300_799;

    public static void MapTags(this WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/tag", List).Requires(Permission.Pull).WithName("listRepoTags")
            .Describe("Lists what the tags of a repository name and have named, the last change first.",
                "Each row is a time in which a tag named a manifest. `next_page` goes on in constant time; `page` counts pages, as in Quay.")
            .Query("onlyActiveTags", "Only what the tags name now.", "boolean").Query("specificTag", "The history of this tag.")
            .Query("filter_tag_name", "`eq:` and a name, or `like:` and a part of names.").Query("limit", "How many rows there are on a page: 50 if not given, at most 100.", "integer")
            .Query("page", "Which page, from 1 on.", "integer")
            .Query("details", "With platforms, size, findings, signatures and pulls of what each row names, and whether a legal hold is on it.", "boolean").Paged().Gives(TagsJson.Default.TagHistory);
        RecentApi.Map(app);
        app.MapPut("/api/v1/repository/-/tag/{tag}", Change).Requires(Permission.Push).WithName("changeTag")
            .Describe("Points a tag at a manifest of the repository, says when it is to end, and whether it can be changed.",
                "A manifest that no tag names any more is fine as long as it can be had back. `expiration` is seconds since 1970, null for never; a tag lives for an hour at least, and ends at most 104 weeks from now. " +
                "`immutable`: true keeps the tag as it is until an administrator of the repository sends false.")
            .Takes(TagsJson.Default.TagUpdate).Gives(TagsJson.Default.String, 201).Gives(409);
        app.MapDelete("/api/v1/repository/-/tag/{tag}", Delete).Requires(Permission.Delete).WithName("deleteFullTag")
            .Describe("Ends a tag; it can be restored for a while.").Query("skipRecoveryPeriod", "It cannot be restored.", "boolean").Gives(204).Gives(409);
        app.MapPost("/api/v1/repository/-/tag/{tag}/restore", Restore).Requires(Permission.Push).WithName("restoreTag")
            .Describe("Points a tag at a manifest that it named before.").Takes(TagsJson.Default.TagRestoration).Gives(TagsJson.Default.RestoredTag).Gives(409);
        app.MapPost("/api/v1/repository/-/tag/{tag}/expire", Expire).Requires(Permission.Delete).WithName("removeTagFromTimemachine")
            .Describe("Deletes what a tag names, or has named, so that it cannot be restored.",
                "With `is_alive` what it names now, else the manifest of `manifest_digest`. A manifest that another tag holds stays.")
            .Takes(TagsJson.Default.TagPurge).Gives(200).Gives(409);
    }

    private static async Task<IResult> List(HttpContext http, ContentStore content, TagDetailStore store, CancellationToken ct)
    {
        var (query, access) = (http.Request.Query, http.Access());
        if (!access.Exists)
            return NoSuchRepository;
        if (query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        if (!TryNumber(query, "limit", PageSize, out var limit) || !TryNumber(query, "page", 1, out var page))
            return Problem.InvalidRequest("limit and page are numbers.");
        if (!TryAfter(query["next_page"].ToString(), out var after))
            return QuayQuery.NoSuchPage;
        var (name, filter) = (query["specificTag"].ToString(), query["filter_tag_name"].ToString());
        string? part = null;
        if (filter.StartsWith("eq:", StringComparison.Ordinal))
        {
            // Both given, both have to hold.
            if (name.Length > 0 && name != filter[3..])
                return Shown([], page, null, null);
            name = filter[3..];
        }
        else if (filter.StartsWith("like:", StringComparison.Ordinal))
            part = filter[5..];
        else if (filter.Length > 0)
            return Problem.InvalidRequest("filter_tag_name is 'eq:' and a name, or 'like:' and a part of names.");
        // What can be in no name is in none; the database is not asked about it.
        if ((filter.StartsWith("eq:", StringComparison.Ordinal) || name.Length > 0) && !TagName.IsValid(name) || part is { Length: > TagName.MaxLength } || part?.Contains('\0', StringComparison.Ordinal) == true)
            return Shown([], page, null, null);
        limit = Math.Clamp(limit, 1, MaxPageSize);
        var found = await content.ListTagHistoryAsync(access, new TagQuery((int)limit + 1, name.Length > 0 ? name : null, part is { Length: > 0 } ? part : null, query.IsTrue("onlyActiveTags"),
            after, after is null ? (Math.Max(page, 1) - 1) * limit : 0), ct);
        string? next = null;
        if (found.Count > limit)
        {
            found.RemoveRange((int)limit, found.Count - (int)limit);
            next = string.Create(CultureInfo.InvariantCulture, $"{found[^1].StartedMs}.{found[^1].Name}");
        }
        return Shown(found, page, next, query.IsTrue("details") ? await store.ListAsync(access, found.ConvertAll(static t => (t.Name, t.Digest)), ct) : null);

        static IResult Shown(List<TagSpan> tags, long page, string? next, Dictionary<(string, Digest), TagDetails>? details) => TypedResults.Json(
            new TagHistory([.. tags.Select(t => View(t) with { Details = details?.GetValueOrDefault((t.Name, t.Digest)) is { } d ? View(d) : null })], Math.Max(page, 1), next is not null, next), TagsJson.Default.TagHistory);
    }

    private static async Task<IResult> Change(HttpContext http, string tag, ContentStore content, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, TagsJson.Default.TagUpdate, ct);
        if (body is null)
            return problem!;
        if (!TagName.IsValid(tag))
            return Problem.InvalidRequest($"A tag has at most {TagName.MaxLength} letters, digits, '_', '.' and '-', and begins with none of the last two.");
        Digest? digest = null;
        if (body.ManifestDigest is { } text)
        {
            if (!Digest.TryParse(text, null, out var parsed))
                return NoSuchManifest;
            digest = parsed;
        }
        var (given, expiry) = (body.Expiration.ValueKind != JsonValueKind.Undefined, (long?)null);
        if (body.Expiration.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            if (body.Expiration.ValueKind != JsonValueKind.Number || !body.Expiration.TryGetDouble(out var seconds) || seconds is not (> 0 and <= MaxSeconds))
                return Problem.InvalidRequest("expiration is a number of seconds since 1970, or null.");
            expiry = (long)(seconds * 1000);
        }
        if (digest is null && !given && body.Immutable is null)
            return Problem.InvalidRequest("One of manifest_digest, expiration and immutable must be given.");
        var (access, by) = (http.Access(), http.Caller().Principal);
        if (!access.Exists)
            return NoSuchRepository;
        // As the gate would decide about an operation for administrators: scopes have made the role what it is.
        var mayLoosen = access.Role >= RepositoryRole.Admin;
        // Who wants both at once wants the tag moved; it has to be changeable before.
        if (body.Immutable == false && digest is not null
            && await content.ChangeTagAsync(by, access, tag, new TagChange(null, Immutable: false, MayLoosen: mayLoosen), ct) is { } unmoved && unmoved.Kind != RefusalKind.TagUnknown)
            return Refused(unmoved);
        return await content.ChangeTagAsync(by, access, tag, new TagChange(digest, SetsExpiry: given, ExpiresMs: expiry, Immutable: body.Immutable, MayLoosen: mayLoosen), ct) is { } refusal
            ? Refused(refusal)
            : TypedResults.Json("Updated", TagsJson.Default.String, statusCode: 201);
    }

    private static async Task<IResult> Delete(HttpContext http, string tag, ContentStore content, CancellationToken ct)
    {
        var (access, by) = (http.Access(), http.Caller().Principal);
        if (!access.Exists)
            return NoSuchRepository;
        if (!TagName.IsValid(tag))
            return NoSuchTag;
        var refusal = http.Request.Query.IsTrue("skipRecoveryPeriod")
            ? await content.PurgeTagAsync(by, access, tag, null, withChildren: false, ct)
            : await content.EndTagAsync(by, access, tag, ct);
        return refusal is null ? TypedResults.NoContent() : Refused(refusal);
    }

    private static async Task<IResult> Restore(HttpContext http, string tag, ContentStore content, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, TagsJson.Default.TagRestoration, ct);
        if (body is null)
            return problem!;
        var access = http.Access();
        if (!access.Exists)
            return NoSuchRepository;
        if (!TagName.IsValid(tag))
            return NoSuchTag;
        if (!Digest.TryParse(body.ManifestDigest, null, out var digest))
            return NoSuchManifest;
        return await content.ChangeTagAsync(http.Caller().Principal, access, tag, new TagChange(digest, IsRestoration: true), ct) is { } refusal
            ? Refused(refusal)
            : TypedResults.Json(new RestoredTag(), TagsJson.Default.RestoredTag);
    }

    private static async Task<IResult> Expire(HttpContext http, string tag, ContentStore content, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, TagsJson.Default.TagPurge, ct);
        if (body is null)
            return problem!;
        var access = http.Access();
        if (!access.Exists)
            return NoSuchRepository;
        if (!TagName.IsValid(tag))
            return NoSuchTag;
        Digest? digest = null;
        if (!body.IsAlive)
        {
            if (body.ManifestDigest is null)
                return Problem.InvalidRequest("manifest_digest required when is_alive set to false");
            if (!Digest.TryParse(body.ManifestDigest, null, out var parsed))
                return NoSuchManifest;
            digest = parsed;
        }
        return await content.PurgeTagAsync(http.Caller().Principal, access, tag, digest, body.IncludeSubmanifests, ct) is { } refusal ? Refused(refusal) : TypedResults.StatusCode(200);
    }

    /// <summary>What a refusal of a change of tags and labels is told as.</summary>
    internal static Problem Refused(Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.ReadOnly => Problem.InsufficientScope("The repository is read-only."),
        RefusalKind.TagUnknown => NoSuchTag,
        RefusalKind.ManifestUnknown => NoSuchManifest,
        RefusalKind.Immutable => new Problem(409, "tag_immutable", refusal.Message ?? "The tag is immutable."),
        RefusalKind.Expiring => Problem.InvalidRequest(refusal.Message!),
        RefusalKind.NotAdministrator => Problem.InsufficientScope(refusal.Message!),
        RefusalKind.OverQuota => Problem.InsufficientScope(refusal.Message ?? "There is no room in the quota."),
        RefusalKind.Held => new Problem(409, "held", refusal.Message ?? "There is a legal hold on it."),
        RefusalKind.RuleChanged => new Problem(503, "unavailable", "A rule about this repository is being changed. Try again.", 5),
        RefusalKind.ExpiryPassed => Problem.InvalidRequest("expiration is in the past."),
        _ => NoSuchRepository,
    };

    internal static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");

    internal static Problem NoSuchManifest => Problem.NotFound("The repository has no such manifest, or not any more.");

    private static Problem NoSuchTag => Problem.NotFound("There is no such tag.");

    private static TagLifetime View(TagSpan t) => new(
        t.Name, t.IsReversion, t.StartedMs / 1000, t.EndsMs / 1000, t.Digest.ToString(), MediaTypes.IsIndex(t.MediaType), t.Size, QuayDate.Format(t.StartedMs)!, QuayDate.Format(t.EndsMs),
        t.Children is null ? null : t.PresentChildren < t.Children, t.Children, t.PresentChildren, t.StartedBy, t.EndedBy, t.IsRestorable, t.IsImmutable);

    private static ShownDetails View(TagDetails d) => new(d.Platforms, d.Size, d.Findings, d.Signed, d.Pulls, QuayDate.FormatIso(d.LastPullMs), d.Held);

    private static bool TryNumber(IQueryCollection query, string name, long otherwise, out long number)
    {
        number = otherwise;
        return query[name].ToString() is not { Length: > 0 } text || (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var small) && (number = small) == small);
    }

    private static bool TryAfter(string token, out (long, string)? after)
    {
        after = null;
        if (token.Length == 0)
            return true;
        var dot = token.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !long.TryParse(token.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var ms) || !TagName.IsValid(token[(dot + 1)..]))
            return false;
        after = (ms, token[(dot + 1)..]);
        return true;
    }
}

/// <param name="HasAdditional">Whether there are more pages.</param>
internal sealed record TagHistory(IReadOnlyList<TagLifetime> Tags, long Page, bool HasAdditional, string? NextPage);

/// <param name="StartTs">Since when, in seconds since 1970.</param>
/// <param name="EndTs">Until when; for what the tag names now, only where it expires.</param>
/// <param name="StartedBy">Who pointed the tag at it. This, EndedBy and Restorable are not in Quay.</param>
internal sealed record TagLifetime(
    string Name, bool Reversion, long StartTs, long? EndTs, string ManifestDigest, bool IsManifestList, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? Size, string LastModified, string? Expiration,
    bool? IsSparse, long? ChildManifestCount, long? PresentChildCount, string? StartedBy, string? EndedBy, bool Restorable, bool Immutable)
{
    /// <summary>Where they were asked for and the manifest is still here.</summary>
    public ShownDetails? Details { get; init; }
}

/// <param name="Platforms">Of an index or an image, such as linux/arm64; null where it does not say.</param>
/// <param name="Size">Bytes of all blobs; of an index, of its images that are here.</param>
/// <param name="Signed">Whether a signature of it is here; nobody has verified that.</param>
/// <param name="PullCount">By this tag.</param>
/// <param name="LastPulled">By this tag or by the digest.</param>
/// <param name="Held">Whether a legal hold is on the tag, its repository or its owner; told to those who may push.</param>
internal sealed record ShownDetails(IReadOnlyList<string>? Platforms, long Size, ImageFindings? Security, bool Signed, long PullCount, string? LastPulled, bool? Held);

internal sealed record TagUpdate(string? ManifestDigest = null, bool? Immutable = null)
{
    public JsonElement Expiration { get; init; }
}

internal sealed record TagRestoration([property: JsonRequired] string ManifestDigest);

internal sealed record RestoredTag;

internal sealed record TagPurge(string? ManifestDigest = null, bool IncludeSubmanifests = false, bool IsAlive = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TagHistory))]
[JsonSerializable(typeof(TagUpdate))]
[JsonSerializable(typeof(TagRestoration))]
[JsonSerializable(typeof(RestoredTag))]
[JsonSerializable(typeof(TagPurge))]
[JsonSerializable(typeof(string))]
internal sealed partial class TagsJson : JsonSerializerContext;
