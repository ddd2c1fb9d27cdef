namespace Wharf.Server.Organizations;

internal static class OrganizationsSetup
{
    public static void AddOrganizations(this WebApplicationBuilder builder) => builder.Services.AddSingleton<OrganizationStore>();
}
