namespace Wharf.Server.Accounts;

/// <summary>The section <c>Accounts</c>.</summary>
internal sealed class AccountOptions
{
    /// <summary>Whether the first start makes the superuser <c>admin</c>. Without it, <c>POST /api/v1/user/initialize</c> makes the first one.</summary>
    public bool InitialAdmin { get; set; } = true;
}
