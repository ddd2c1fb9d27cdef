using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.OAuth;

/// <summary>The section <c>OAuth</c>.</summary>
internal sealed class OAuthOptions
{
    /// <summary>After how many days a token ends at the latest, and where nothing else was asked for (Quay: ten years).</summary>
    [Range(1, 3653)] public int TokenDays { get; set; } = 3653;

    /// <summary>How many tokens that have not ended an application has of those that its admins made directly (Quay's OAUTH_APPLICATION_MAXIMUM_TOKEN_COUNT).</summary>
    [Range(1, 10_000)] public int TokensPerApplication { get; set; } = 1000;

    /// <summary>Whether admins of an organization may assign a token of its applications to somebody else (Quay's FEATURE_ASSIGN_OAUTH_TOKEN).</summary>
    public bool AssignTokens { get; set; } = true;
}
