using System.Text;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

internal static class Referrers
{
    /// <summary>A list is a manifest too, so it must fit into what clients accept as one (4 MiB).</summary>
    private const int MaxBytes = 3 << 20;

    private const int MaxCount = 1000;

    public static void Map(WebApplication app) => app.MapGet("/v2/-/referrers/{digest}", List).Requires(Permission.Pull).WithName("listReferrers")
        .Describe("Lists the manifests that refer to one, such as signatures.").Query("artifactType", "Only those of this type.")
        .Gives(200, "application/vnd.oci.image.index+json");

    // distribution-spec#listing-referrers (end-12a, end-12b)
    private static async Task<IResult> List(HttpContext http, string digest, string? artifactType, string? last, ContentStore content, CancellationToken ct)
    {
        if (!Digest.TryParse(digest, out var subject))
            return OciError.DigestMalformed(digest);
        var after = default(Digest);
        if (!string.IsNullOrEmpty(last) && !Digest.TryParse(last, out after))
            return OciError.DigestMalformed(last);
        if (artifactType is { Length: > Descriptor.MaxMediaTypeLength } || artifactType?.Any(char.IsControl) == true)
            return OciError.Invalid($"An artifact type has at most {Descriptor.MaxMediaTypeLength} characters, and no control characters.");
        var access = http.Access();
        // The specification knows no 404 here: whoever may push to a repository may ask before the first push.
        var filter = string.IsNullOrEmpty(artifactType) ? null : artifactType;
        var rows = !access.Exists ? [] : await content.ListReferrersAsync(access, subject, filter, after, MaxCount + 1, ct);
        var body = new MemoryStream();
        body.Write("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":["""u8);
        var sent = 0;
        foreach (var (_, descriptor) in rows)
        {
            if (sent == MaxCount || (sent > 0 && body.Length + descriptor.Length > MaxBytes))
                break;
            if (sent++ > 0)
                body.WriteByte((byte)',');
            body.Write(descriptor);
        }
        body.Write("]}"u8);
        if (filter is not null)
            http.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        if (sent < rows.Count)
            http.Response.Headers.Link = new StringBuilder($"</v2/{access.Name}/referrers/{subject}?last={rows[sent - 1].Digest}")
                .Append(filter is null ? "" : "&artifactType=" + Uri.EscapeDataString(filter)).Append(">; rel=\"next\"").ToString();
        return TypedResults.Bytes(body.ToArray(), MediaTypes.OciIndex);
    }
}
