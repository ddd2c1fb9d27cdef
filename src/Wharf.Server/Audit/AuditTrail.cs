using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;

namespace Wharf.Server.Audit;

/// <summary>What other slices tell the trail. Changes need no call: their events are read (<see cref="AuditEvents"/>).</summary>
internal sealed class AuditTrail(AuditWriter writer, AuditOptions options, TimeProvider clock)
{
    /// <summary>The member of an entry's metadata that has the account which granted a robot what it did.</summary>
    public const string GrantedBy = "granted_by_id";

    /// <summary>A manifest is about to be served.</summary>
    /// <param name="tag">The tag it was asked for by, or null for its digest.</param>
    /// <returns>A task that ends, in the strict mode, when the entry is durable.</returns>
    public Task PulledAsync(Principal by, RepositoryAccess access, Digest digest, string? tag, string mediaType, CancellationToken ct) => !options.Enabled ? Task.CompletedTask : RecordAsync(
        Entry("pull_repo", AuditClass.Read, by, access.NamespaceId, access.RepositoryId) with
        {
            Digest = digest,
            // Names of repositories and tags and checked media types need no escaping.
            Metadata = tag is null
                ? $$"""{"repo":"{{access.Name.Name}}","mediaType":"{{mediaType}}"{{Auth()}}}"""
                : $$"""{"repo":"{{access.Name.Name}}","tag":"{{tag}}","mediaType":"{{mediaType}}"{{Auth()}}}""",
        }, ct);

    /// <summary>A blob is about to be served.</summary>
    public Task PulledBlobAsync(Principal by, RepositoryAccess access, Digest digest, CancellationToken ct) => !options.Enabled || !options.Blobs ? Task.CompletedTask : RecordAsync(
        Entry("pull_blob", AuditClass.Read, by, access.NamespaceId, access.RepositoryId) with { Digest = digest, Metadata = $$"""{"repo":"{{access.Name.Name}}"{{Auth()}}}""" }, ct);

    /// <summary>Records what is neither a pull nor a change.</summary>
    public void Record(AuditEntry entry)
    {
        if (options.Enabled)
            writer.Add(entry);
    }

    /// <summary>An entry about the current request.</summary>
    public AuditEntry Entry(string kind, AuditClass kindOf, Principal by, long namespaceId, long? repositoryId) =>
        new(kind, kindOf, clock.GetUtcNow().ToUnixTimeMilliseconds(), namespaceId, repositoryId, Person(by.AccountId, by.IsAnonymous ? null : by.Name));

    /// <summary>A person as the current request shows them.</summary>
    public static AuditPerson Person(long accountId, string? name) => new(accountId, name, Origin.Current?.Address, Origin.Current?.Agent);

    /// <summary>How the current request's sender proved who it is: members to add to an entry's metadata, with the comma before them.</summary>
    public static string Auth() => Origin.Current is not { Credential: { } credential } origin ? ""
        : $",\"auth_type\":\"{credential}\"{Member("auth_id", origin.CredentialId)}{Member("oauth_token_application_id", origin.Application)}{(origin.GrantedBy == 0 ? "" : $",\"{GrantedBy}\":{origin.GrantedBy}")},\"request_id\":\"{origin.RequestId}\"";

    private static string Member(string name, string? value) => value is null ? "" : $",\"{name}\":\"{value}\"";

    private Task RecordAsync(AuditEntry entry, CancellationToken ct)
    {
        if (options.Strict)
            return writer.AddAndWaitAsync(entry, ct);
        writer.Add(entry);
        return Task.CompletedTask;
    }
}
