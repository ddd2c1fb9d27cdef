using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Content;

/// <summary>The section <c>Quota</c>: how much room namespaces have (docs/quota.md).</summary>
internal sealed class QuotaOptions
{
    /// <summary>Whether it is counted what each namespace holds. While it is not, there are no quotas; afterwards all is counted anew.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How much a namespace may hold that has no quota of its own, such as 50GiB (Quay's DEFAULT_SYSTEM_REJECT_QUOTA_BYTES); 0 for any number.</summary>
    public ByteSize DefaultBytes { get; set; }
}
