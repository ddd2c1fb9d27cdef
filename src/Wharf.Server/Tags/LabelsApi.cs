using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Tags;

/// <summary>Labels of manifests, as in Quay: those of the image itself, and those that were added here.</summary>
internal static partial class LabelsApi
{
    private const int MaxKey = 255;
    private const int MaxValue = 16 << 10;

    // Quay's DEFAULT_LABEL_KEY_RESERVED_PREFIXES, as it has them: some without a dot.
    private static readonly string[] s_reserved =
    [
        "com.docker.", "io.docker.", "org.dockerproject.", "org.opencontainers.", "io.cncf.", "io.kubernetes.", "io.k8s.", "io.quay", "com.coreos", "com.tectonic", "internal", "quay",
    ];

    public static void MapLabels(this WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/manifest/{manifestref}/labels", List).Requires(Permission.Pull).WithName("listManifestLabels")
            .Describe("Lists the labels of a manifest: those of the image itself, and those that were added.").Query("filter", "Only those whose key begins with this.").Gives(LabelsJson.Default.LabelList);
        app.MapPost("/api/v1/repository/-/manifest/{manifestref}/labels", Add).Requires(Permission.Push).WithName("addManifestLabel")
            .Describe("Adds a label to a manifest.").Takes(LabelsJson.Default.NewLabel).Gives(LabelsJson.Default.AddedLabel, 201);
        app.MapGet("/api/v1/repository/-/manifest/{manifestref}/labels/{labelid}", Get).Requires(Permission.Pull).WithName("getManifestLabel")
            .Describe("Shows a label.").Gives(LabelsJson.Default.ShownLabel);
        app.MapDelete("/api/v1/repository/-/manifest/{manifestref}/labels/{labelid}", Delete).Requires(Permission.Delete).WithName("deleteManifestLabel")
            .Describe("Deletes a label that was added.").Gives(204).Gives(400);
    }

    private static async Task<IResult> List(HttpContext http, string manifestref, Labels labels, CancellationToken ct)
    {
        var (access, prefix) = (http.Access(), http.Request.Query["filter"].ToString());
        if (!access.Exists)
            return TagsApi.NoSuchRepository;
        if (!Digest.TryParse(manifestref, null, out var digest) || await labels.ListAsync(access, digest, ct) is not { } all)
            return TagsApi.NoSuchManifest;
        return TypedResults.Json(new LabelList([.. all.Where(l => l.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(View)]), LabelsJson.Default.LabelList);
    }

    private static async Task<IResult> Get(HttpContext http, string manifestref, string labelid, Labels labels, CancellationToken ct)
    {
        var access = http.Access();
        if (!access.Exists)
            return TagsApi.NoSuchRepository;
        if (!Digest.TryParse(manifestref, null, out var digest) || await labels.ListAsync(access, digest, ct) is not { } all)
            return TagsApi.NoSuchManifest;
        return all.Find(l => l.Id == labelid) is { } label ? TypedResults.Json(View(label), LabelsJson.Default.ShownLabel) : NoSuchLabel;
    }

    private static async Task<IResult> Add(HttpContext http, string manifestref, Labels labels, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, LabelsJson.Default.NewLabel, ct);
        if (body is null)
            return problem!;
        if (Array.Exists(s_reserved, p => body.Key.StartsWith(p, StringComparison.Ordinal)))
            return Problem.InvalidRequest("Label has a reserved prefix");
        if (body.Key.Length > MaxKey || !Key().IsMatch(body.Key))
            return Problem.InvalidRequest($"A label's key has at most {MaxKey} lower-case letters and digits, with single dots and dashes between them.");
        if (body.Value.Length > MaxValue || body.Value.Contains('\0', StringComparison.Ordinal))
            return Problem.InvalidRequest($"A label's value has at most {MaxValue} characters, and no NUL.");
        if (body.MediaType is not (null or ManifestLabel.Text or ManifestLabel.Json))
            return Problem.InvalidRequest("Media type is invalid please use a valid media type: text/plain, application/json");
        var access = http.Access();
        if (!access.Exists)
            return TagsApi.NoSuchRepository;
        if (!Digest.TryParse(manifestref, null, out var digest))
            return TagsApi.NoSuchManifest;
        var label = new ManifestLabel(Guid.NewGuid().ToString(), body.Key, body.Value, body.MediaType ?? ManifestLabel.Guess(body.Value), IsOfImage: false);
        if (await labels.AddAsync(http.Caller().Principal, access, digest, label, ct) is { } refusal)
            return Refused(refusal);
        http.Response.Headers.Location = $"/api/v1/repository/{access.Name}/manifest/{digest}/labels/{label.Id}";
        return TypedResults.Json(new AddedLabel(View(label)), LabelsJson.Default.AddedLabel, statusCode: 201);
    }

    private static async Task<IResult> Delete(HttpContext http, string manifestref, string labelid, Labels labels, CancellationToken ct)
    {
        var access = http.Access();
        if (!access.Exists)
            return TagsApi.NoSuchRepository;
        if (!Digest.TryParse(manifestref, null, out var digest))
            return TagsApi.NoSuchManifest;
        // As one gives it out, or none of ours.
        if (!Guid.TryParseExact(labelid, "D", out _))
            return NoSuchLabel;
        return await labels.DeleteAsync(http.Caller().Principal, access, digest, labelid, ct) is { } refusal ? Refused(refusal) : TypedResults.NoContent();
    }

    private static Problem Refused(Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.LabelUnknown => NoSuchLabel,
        RefusalKind.LabelOfImage => Problem.InvalidRequest("Cannot delete immutable label: it is the image's own."),
        RefusalKind.TooMany => Problem.InvalidRequest($"A manifest has at most {Labels.MaxAdded} labels beside its own."),
        _ => TagsApi.Refused(refusal),
    };

    private static Problem NoSuchLabel => Problem.NotFound("The manifest has no such label.");

    private static ShownLabel View(ManifestLabel label) => new(label.Id, label.Key, label.Value, label.IsOfImage ? "manifest" : "api", label.MediaType);

    [GeneratedRegex(@"^[a-z0-9]+([.-][a-z0-9]+)*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking, 1000)]
    private static partial Regex Key();
}

internal sealed record NewLabel(
    [property: JsonRequired] string Key, [property: JsonRequired] string Value, [property: JsonRequired, AllowedValues("text/plain", "application/json")] string? MediaType);

internal sealed record LabelList(IReadOnlyList<ShownLabel> Labels);

internal sealed record AddedLabel(ShownLabel Label);

internal sealed record ShownLabel(string Id, string Key, string Value, string SourceType, string MediaType);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewLabel))]
[JsonSerializable(typeof(LabelList))]
[JsonSerializable(typeof(AddedLabel))]
[JsonSerializable(typeof(ShownLabel))]
internal sealed partial class LabelsJson : JsonSerializerContext;
